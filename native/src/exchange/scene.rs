//! Where a flow's events happen: what its code may read, and where it writes what came of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::encrypted::Record;
use crate::flow::key::FlowKey;
use crate::limits::Limits;
use crate::tally::Tally;
use crate::tls::secret::Secrets;
use crate::tls::session::Said;

/// (key, record) for the exchanges topic; without a key it belongs on every partition.
pub type Output = (Option<Vec<u8>>, Vec<u8>);

/// Events by name.
pub type Counts = BTreeMap<&'static str, u64>;

/// Passed down to whatever handles an event of one flow.
pub struct Scene<'a> {
    pub limits: &'a Limits,
    pub tally: &'a mut Tally,
    pub outputs: &'a mut Vec<Output>,
    /// For the topic of encrypted flows.
    pub encrypted: &'a mut Vec<Record>,
    pub counts: &'a mut Counts,
    pub site: &'a str,
    pub key: FlowKey,
    /// How often the flow's sequence numbers were used before.
    pub epoch: u32,
    /// Who sees what happens now.
    pub source: &'a Arc<str>,
    pub vlan: Option<u16>,
    pub vni: Option<u32>,
    /// The packet is older than the watermark allows.
    pub late: bool,
    /// Of TLS sessions, as far as they were given.
    pub secrets: &'a Secrets,
    /// The flow is inside TLS, whose handshake said this.
    pub tls: Option<Arc<Said>>,
}

impl Scene<'_> {
    pub fn count(&mut self, event: &'static str) {
        *self.counts.entry(event).or_default() += 1;
    }
}
