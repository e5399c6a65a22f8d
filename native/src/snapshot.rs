//! State rows: what a worker that takes over must know.
//!
//! The first byte of a key says what the row is: `s` a site's progress, `a` an agent, `f` a flow,
//! `p` a piece of a flow's bytes, `t` what a flow knows of its TLS, `q` a flow of QUIC, `w` the
//! worker's own. The first
//! byte of a value is the version of its form; the rest is postcard's. Only rows that changed are written; pieces of what is over
//! get tombstones in the same batch as the flow row that does not name them any more.
//!
//! Version 2 adds `Later` behind a flow, version 3 what of TLS stayed closed
//! and whether a connection was picked up in the middle.

use std::collections::{HashMap, HashSet};
use std::mem::take;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::connection::Connection;
use crate::exchange::habits::Habits;
use crate::exchange::socket::Socket;
use crate::flow::blob::Blob;
use crate::flow::key::FlowKey;
use crate::flow::recent::Recent;
use crate::flow::wheel::TICK_US;
use crate::quic;
use crate::reassembler::Reassembler;
use crate::site::{Agent, Progress};
use crate::tls::session::Tls;

const VERSION: u8 = 3;
/// The oldest version that is read.
const VERSION_MIN: u8 = 1;
/// Where a version only added fields at an end, an older row is read as if zeros followed it: that is
/// how postcard writes what is empty. They are more than a form grew.
const GROWN_BYTES_MAX: usize = 16;

/// What a flow's row has since version 2.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Later {
    socket: Option<Box<Socket>>,
    habits: Habits,
    recent: [Recent; 2],
    /// Since version 3.
    picked_up: bool,
}

/// A row's key, and its value unless it is a tombstone.
pub type Row = (Vec<u8>, Option<Vec<u8>>);

/// What rows there are to write.
#[derive(Debug, Default)]
pub struct Rows {
    /// Flows whose row is stale.
    pub changed: Vec<u32>,
    /// Tombstones of flows that are gone.
    buried: Vec<Vec<u8>>,
}

impl Rows {
    /// The rows of a flow that is gone, if it had any.
    pub fn bury(&mut self, site: &str, key: &FlowKey, flow: &Connection) {
        if flow.in_rows {
            self.buried.push(flow_key(b'f', site, key));
            if flow.tls.is_some() {
                self.buried.push(flow_key(b't', site, key));
            }
            bury_pieces(&flow_key(b'p', site, key), &flow.saved, &mut self.buried);
        }
    }
}

fn bury_pieces(key: &[u8], blobs: &[(u32, u32)], out: &mut Vec<Vec<u8>>) {
    for &(blob, pieces) in blobs {
        out.extend((0..pieces).map(|piece| piece_key(key, blob, piece)));
    }
}

pub(crate) fn flow_key(kind: u8, site: &str, key: &FlowKey) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend((site.len() as u16).to_be_bytes());
    out.extend(site.as_bytes());
    out.extend(key.endpoints());
    out
}

fn piece_key(flow: &[u8], blob: u32, piece: u32) -> Vec<u8> {
    [flow, &blob.to_be_bytes(), &piece.to_be_bytes()].concat()
}

pub(crate) fn value<T: Serialize>(of: &T) -> Vec<u8> {
    // Writing to a vector cannot fail; an empty row would be refused on restore.
    postcard::to_extend(of, vec![VERSION]).unwrap_or_default()
}

fn read<T: DeserializeOwned>(value: &[u8]) -> Result<T, String> {
    match value.split_first() {
        Some((&VERSION, rest)) => read_form(rest, 0),
        Some((&(VERSION_MIN..VERSION), rest)) => {
            let grown = [rest, &[0; GROWN_BYTES_MAX]].concat();
            read_form(&grown, GROWN_BYTES_MAX)
        }
        Some((version, _)) => Err(format!(
            "a state row of version {version}, this worker reads version {VERSION}: \
             go on with the version that wrote it, or a newer one"
        )),
        None => Err("a state row is empty".to_owned()),
    }
}

/// `spare` bytes may follow.
fn read_form<T: DeserializeOwned>(form: &[u8], spare: usize) -> Result<T, String> {
    match postcard::take_from_bytes(form) {
        Ok((found, rest)) if rest.len() <= spare => Ok(found),
        // Another form under the same number would be read as far as it happens to fit.
        Ok(_) => Err("a state row is damaged: bytes follow its end".to_owned()),
        Err(error) => Err(format!("a state row is damaged: {error}")),
    }
}

/// A flow's row, of this version or one that had nothing behind it.
fn read_flow(row: &[u8]) -> Result<Connection, String> {
    if row.first() == Some(&VERSION_MIN) {
        return read(row);
    }
    let (mut flow, later): (Connection, Later) = read(row)?;
    (flow.talk.socket, flow.talk.habits, flow.recent) = (later.socket, later.habits, later.recent);
    flow.talk.picked_up = later.picked_up;
    Ok(flow)
}

impl Connection {
    fn blobs(&mut self) -> impl Iterator<Item = &mut Blob> {
        let waiting = self
            .halves
            .iter_mut()
            .flat_map(|half| half.queue.iter_mut().map(|waiting| waiting.blob()));
        let parts = self.talk.sides.iter_mut().map(|side| &mut side.part);
        let tables = self.talk.http2.iter_mut().flat_map(|http2| {
            let readers = http2.readers.iter_mut();
            readers.map(|reader| &mut reader.table.log)
        });
        let messages = self.talk.open.iter_mut().flat_map(|open| open.messages());
        let messages = messages
            .flat_map(|message| [&mut message.head, &mut message.trailers, &mut message.body]);
        let socket = self.talk.socket.iter_mut().flat_map(|of| of.blobs());
        let recent = self.recent.iter_mut().flat_map(|recent| recent.blobs());
        let records = self.tls.iter_mut().flat_map(|tls| &mut tls.sides);
        let records = records.map(|side| &mut side.part);
        waiting
            .chain(parts)
            .chain(tables)
            .chain(messages)
            .chain(socket)
            .chain(recent)
            .chain(records)
    }

    /// Its row, rows of new bytes, tombstones of pieces whose blob is gone.
    fn write(&mut self, site: &str, key: &FlowKey, out: &mut Vec<Row>) {
        let piece_of = flow_key(b'p', site, key);
        let mut ids = self.blob_ids;
        let mut live = Vec::new();
        for blob in self.blobs() {
            if let Some((piece, from)) = blob.next_piece(&mut ids) {
                out.push((
                    piece_key(&piece_of, blob.id, piece),
                    Some(blob.bytes[from..].to_vec()),
                ));
            }
            if blob.pieces > 0 {
                live.push((blob.id, blob.pieces));
            }
        }
        self.blob_ids = ids;
        let mut gone = std::mem::replace(&mut self.saved, live);
        let still: HashSet<u32> = self.saved.iter().map(|(blob, _)| *blob).collect();
        gone.retain(|(blob, _)| !still.contains(blob));
        let mut tombstones = Vec::new();
        bury_pieces(&piece_of, &gone, &mut tombstones);
        out.extend(tombstones.into_iter().map(|key| (key, None)));
        if let Some(tls) = &self.tls {
            out.push((flow_key(b't', site, key), Some(value(tls))));
        }
        // They are not in the form of version 1, which the first half has.
        let later = Later {
            socket: self.talk.socket.take(),
            habits: self.talk.habits,
            recent: take(&mut self.recent),
            picked_up: self.talk.picked_up,
        };
        out.push((flow_key(b'f', site, key), Some(value(&(&*self, &later)))));
        (self.talk.socket, self.recent) = (later.socket, later.recent);
        (self.changed, self.in_rows) = (false, true);
    }
}

type Pieces<'a> = HashMap<&'a [u8], &'a [u8]>;

impl Reassembler {
    pub(crate) fn changed_rows(&mut self) -> Vec<Row> {
        let mut out: Vec<Row> = std::mem::take(&mut self.rows.buried)
            .into_iter()
            .map(|key| (key, None))
            .collect();
        for place in std::mem::take(&mut self.rows.changed) {
            let key = self.flows.key(place);
            if let Some(flow) = self.flows.get(place).filter(|flow| flow.changed) {
                flow.write(&self.sites[key.site as usize].name, &key, &mut out);
            }
        }
        self.quic_rows(&mut out);
        let mut any = false;
        for site in self.sites.iter_mut().filter(|site| site.changed) {
            (any, site.changed) = (true, false);
            out.push((
                [b"s", site.name.as_bytes()].concat(),
                Some(value(&site.progress)),
            ));
            for (name, agent) in site.agents.iter_mut().filter(|(_, agent)| agent.changed) {
                agent.changed = false;
                out.push((agent_key(&site.name, name), Some(value(agent))));
            }
        }
        if any {
            out.push((b"w".to_vec(), Some(value(&self.packets))));
        }
        out
    }

    /// Takes over rows, in any order; called before anything else.
    pub fn restore(&mut self, rows: &[(&[u8], &[u8])]) -> Result<(), String> {
        let mut pieces = Pieces::new();
        let mut flows = Vec::new();
        let mut sealed = HashMap::new();
        let mut quic = Vec::new();
        for &(key, row) in rows {
            match key.split_first() {
                Some((b'p', rest)) => drop(pieces.insert(rest, row)),
                Some((b'f', rest)) => flows.push((rest, read_flow(row)?)),
                Some((b't', rest)) => drop(sealed.insert(rest, read::<Box<Tls>>(row)?)),
                Some((b'q', rest)) => quic.push((rest, read::<quic::flow::Flow>(row)?)),
                Some((b's', name)) => self.add_site(text(name)?).progress = read::<Progress>(row)?,
                Some((b'a', rest)) => self.restore_agent(rest, row)?,
                Some((b'w', _)) => self.packets = read(row)?,
                _ => return Err("a state row of an unknown kind".to_owned()),
            }
        }
        flows.sort_by_key(|(_, flow)| flow.touched);
        for (key, mut flow) in flows {
            flow.tls = sealed.remove(key);
            self.restore_flow(key, flow, &pieces)?;
        }
        quic.sort_by_key(|(_, flow)| flow.touched);
        for (key, flow) in quic {
            self.restore_quic(key, flow)?;
        }
        self.sites.iter_mut().for_each(|site| site.changed = false);
        Ok(())
    }

    fn restore_agent(&mut self, key: &[u8], row: &[u8]) -> Result<(), String> {
        let (site, name) = named(key)?;
        let agent = read::<Agent>(row)?;
        self.add_site(site).agents.insert(text(name)?.into(), agent);
        Ok(())
    }

    fn restore_quic(&mut self, row_key: &[u8], mut flow: quic::flow::Flow) -> Result<(), String> {
        flow.in_rows = true;
        let key = self.key_of(row_key)?;
        self.quic.flows.insert(key, flow);
        Ok(())
    }

    /// Whose row this is, by what stands behind the first byte of its key.
    fn key_of(&mut self, row_key: &[u8]) -> Result<FlowKey, String> {
        let (site, endpoints) = named(row_key)?;
        let endpoints: &[u8; 36] = endpoints
            .try_into()
            .map_err(|_| "a flow row's key is damaged")?;
        self.add_site(site);
        Ok(FlowKey::from_endpoints(self.site_numbers[site], endpoints))
    }

    fn restore_flow(
        &mut self,
        row_key: &[u8],
        mut flow: Connection,
        pieces: &Pieces,
    ) -> Result<(), String> {
        let key = self.key_of(row_key)?;
        for blob in flow.blobs() {
            for piece in 0..blob.pieces {
                let found = pieces
                    .get(&*piece_key(row_key, blob.id, piece))
                    .ok_or("a piece of a flow is missing")?;
                blob.bytes.extend_from_slice(found);
            }
            if blob.bytes.len() != blob.saved as usize {
                return Err("a piece of a flow has another length".to_owned());
            }
        }
        flow.saved = flow
            .blobs()
            .filter(|blob| blob.pieces > 0)
            .map(|blob| (blob.id, blob.pieces))
            .collect();
        flow.in_rows = true;
        let deadline_us = flow.deadline(&self.limits);
        let place = self.flows.insert(key, flow);
        let ticket = self.flows.ticket(place);
        let tick = self.sites[key.site as usize]
            .wheel
            .schedule(deadline_us, (place, ticket));
        if let Some(flow) = self.flows.get(place) {
            flow.scheduled_tick = tick.min(deadline_us.div_euclid(TICK_US));
        }
        Ok(())
    }
}

fn agent_key(site: &str, agent: &str) -> Vec<u8> {
    [
        b"a",
        &(site.len() as u16).to_be_bytes()[..],
        site.as_bytes(),
        agent.as_bytes(),
    ]
    .concat()
}

/// A site's name and what follows it in a key.
fn named(key: &[u8]) -> Result<(&str, &[u8]), String> {
    let (length, rest) = key
        .split_first_chunk::<2>()
        .ok_or("a state row's key is cut")?;
    let (site, rest) = rest
        .split_at_checked(usize::from(u16::from_be_bytes(*length)))
        .ok_or("a state row's key is cut")?;
    Ok((text(site)?, rest))
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "a state row's key is not UTF-8".to_owned())
}
