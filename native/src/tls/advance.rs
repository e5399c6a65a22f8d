//! What handshake messages change, and which keys open the next record.

use std::sync::Arc;

use super::cipher::{Keys, Terms};
use super::handshake::{
    CLIENT_HELLO, ENCRYPTED_EXTENSIONS, END_OF_EARLY_DATA, FINISHED, HELLO_RETRY_REQUEST,
    KEY_UPDATE, Message, SERVER_HELLO,
};
use super::hello::{ClientHello, ServerHello, encrypted_extensions};
use super::record::{Head, TLS_1_3};
use super::said::{name, version};
use super::secret::{Label, Secret};
use super::session::{Early, Epoch, Said, Side, Tls};
use crate::exchange::scene::Scene;

/// What may be meant where the server's choice was not seen.
const SUITES_13: [u16; 5] = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305];

/// Number, content type and text of a record that opened.
pub(super) type Opened = (u64, u8, Vec<u8>);

impl Tls {
    /// Secrets of this session that came since.
    pub(super) fn fetch(&mut self, scene: &Scene) {
        let found = self
            .client_random
            .and_then(|random| scene.secrets.get(&random));
        if let Some(found) = found
            && *found != self.session
        {
            self.session = found.clone();
        }
    }

    /// Keys that a side may use from where it is, in their order; TLS 1.3.
    pub(super) fn labels(&self, side: usize) -> impl Iterator<Item = (Epoch, Label)> + use<> {
        let of = match self.is_client(side) {
            true => [
                Label::ClientEarly,
                Label::ClientHandshake,
                Label::ClientTraffic,
            ],
            // A server sends no early data: the place is taken by what follows.
            false => [
                Label::ServerHandshake,
                Label::ServerHandshake,
                Label::ServerTraffic,
            ],
        };
        let refused = matches!(self.early, Early::None | Early::Refused);
        let from = self.sides[side].epoch.max(if refused {
            Epoch::Handshake
        } else {
            Epoch::Early
        });
        let epochs = [Epoch::Early, Epoch::Handshake, Epoch::Traffic];
        epochs
            .into_iter()
            .zip(of)
            .filter(move |(epoch, _)| *epoch >= from)
    }

    /// ChangeCipherSpec: from here on other keys.
    pub(super) fn change(&mut self, side: usize) {
        let reader = &mut self.sides[side];
        reader.changed = true;
        if self.terms.is_none_or(|terms| terms.version < TLS_1_3) {
            (reader.keys, reader.seq) = (None, 0);
            reader.messages.reset();
        }
    }

    /// The suite, or the kind of session, is none that can be opened here.
    pub(super) fn is_beyond_us(&self) -> bool {
        self.terms.is_some_and(|terms| terms.suite().is_none())
    }

    /// Opens a record; up to `skipped` before it may be missing.
    pub(super) fn open(
        &mut self,
        side: usize,
        head: &Head,
        body: &[u8],
        skipped: u64,
    ) -> Option<Opened> {
        if self.terms.is_some_and(|terms| terms.version < TLS_1_3) {
            self.make_keys(side);
            return with_current(&mut self.sides[side], head, body, skipped);
        }
        if let Some(opened) = with_current(&mut self.sides[side], head, body, skipped) {
            return Some(opened);
        }
        let is_traffic = self.sides[side].traffic.is_some();
        let mut ways: Vec<(Epoch, Secret)> = Vec::new();
        if is_traffic && skipped > 0 {
            // A KeyUpdate may be among what is missing.
            let next = self.terms.zip(self.sides[side].traffic.as_ref());
            let next = next.and_then(|(terms, secret)| terms.next_secret(secret));
            ways.extend(next.map(|secret| (Epoch::Traffic, secret)));
        } else if !is_traffic {
            let known = self.labels(side);
            let secret = |(epoch, label)| Some((epoch, self.session.get(label)?.clone()));
            ways.extend(known.filter_map(secret));
        }
        for (epoch, secret) in ways {
            if let Some(opened) = self.open_anew(side, (epoch, secret), head, body, skipped) {
                return Some(opened);
            }
        }
        None
    }

    /// Tries a secret that the direction did not use so far.
    fn open_anew(
        &mut self,
        side: usize,
        (epoch, secret): (Epoch, Secret),
        head: &Head,
        body: &[u8],
        skipped: u64,
    ) -> Option<Opened> {
        let guesses: Vec<Terms> = match self.terms {
            Some(terms) => vec![terms],
            None => SUITES_13
                .into_iter()
                .map(|suite| Terms {
                    version: TLS_1_3,
                    suite,
                    mac_last: false,
                    draft: 0,
                })
                .collect(),
        };
        for terms in guesses {
            let Some(mut keys) = Keys::of_traffic(terms, &secret) else {
                continue;
            };
            if let Some((seq, (kind, plain))) = try_numbers(&mut keys, 0, skipped, head, body) {
                if epoch > Epoch::Early {
                    self.terms = Some(terms);
                }
                let reader = &mut self.sides[side];
                if epoch != reader.epoch || reader.keys.is_some() {
                    reader.messages.reset();
                }
                (reader.keys, reader.epoch, reader.seq) = (Some(keys), epoch, seq + 1);
                reader.traffic = (epoch == Epoch::Traffic).then_some(secret);
                return Some((seq, kind, plain));
            }
        }
        None
    }

    /// Keys of TLS 1.2 and before, made when they are first needed.
    fn make_keys(&mut self, side: usize) {
        let is_client = self.is_client(side);
        let reader = &mut self.sides[side];
        if reader.keys.is_some() {
            return;
        }
        let (Some(terms), Some(client)) = (self.terms, &self.client_random) else {
            return;
        };
        if let Some(master) = self.session.get(Label::Master) {
            reader.keys = Keys::of_master(terms, master, client, &self.server_random, is_client);
        }
    }

    pub(super) fn advance(&mut self, side: usize, message: &Message) {
        match message.kind {
            CLIENT_HELLO => self.client_hello(side, &message.body),
            SERVER_HELLO => self.server_hello(side, &message.body),
            HELLO_RETRY_REQUEST => self.early = Early::Refused,
            _ if self.terms.is_some_and(|terms| terms.version < TLS_1_3) => {}
            ENCRYPTED_EXTENSIONS if !self.is_client(side) => {
                let (protocol, early) = encrypted_extensions(&message.body);
                if protocol.is_some() {
                    Arc::make_mut(&mut self.said).protocol = protocol.as_deref().map(name);
                }
                if self.early == Early::Offered {
                    self.early = if early { Early::Taken } else { Early::Refused };
                }
            }
            END_OF_EARLY_DATA => self.next_epoch(side, Epoch::Handshake),
            FINISHED => self.next_epoch(side, Epoch::Traffic),
            KEY_UPDATE => self.update(side),
            _ => {}
        }
    }

    fn next_epoch(&mut self, side: usize, epoch: Epoch) {
        let reader = &mut self.sides[side];
        if reader.epoch < epoch {
            (reader.epoch, reader.keys, reader.seq) = (epoch, None, 0);
        }
    }

    /// KeyUpdate: the direction's next traffic secret.
    fn update(&mut self, side: usize) {
        let Some(terms) = self.terms else { return };
        let reader = &mut self.sides[side];
        let next = reader
            .traffic
            .as_ref()
            .and_then(|now| terms.next_secret(now));
        if let Some(next) = next {
            reader.keys = Keys::of_traffic(terms, &next);
            (reader.traffic, reader.seq) = (Some(next), 0);
        }
    }

    fn client_hello(&mut self, side: usize, body: &[u8]) {
        let Some(hello) = ClientHello::read(body) else {
            return;
        };
        let again = self.client_random == Some(hello.random);
        if !again {
            self.session = Default::default();
            self.early = if hello.offers_early_data() {
                Early::Offered
            } else {
                Early::None
            };
        }
        self.client.get_or_insert(side as u8);
        self.client_random = Some(hello.random);
        if self.said.ja4.is_none() {
            self.said = Arc::new(Said::of_client(&hello, 't'));
        }
    }

    fn server_hello(&mut self, side: usize, body: &[u8]) {
        let Some(hello) = ServerHello::read(body) else {
            return;
        };
        self.client.get_or_insert(1 - side as u8);
        if hello.retry {
            self.early = Early::Refused;
            return;
        }
        self.server_random = hello.random;
        self.terms = Some(Terms {
            version: hello.version,
            // What is compressed stays closed: nobody has offered that since 2012.
            suite: if hello.compressed { 0 } else { hello.suite },
            mac_last: hello.mac_last,
            draft: hello.draft,
        });
        let said = Arc::make_mut(&mut self.said);
        said.version = Some(version(hello.version));
        if hello.protocol.is_some() {
            said.protocol = hello.protocol.as_deref().map(name);
        }
    }
}

/// Tries the keys in use.
fn with_current(reader: &mut Side, head: &Head, body: &[u8], skipped: u64) -> Option<Opened> {
    let keys = reader.keys.as_mut()?;
    let skipped = if keys.can_skip() { skipped } else { 0 };
    let (seq, (kind, plain)) = try_numbers(keys, reader.seq, skipped, head, body)?;
    reader.seq = seq + 1;
    Some((seq, kind, plain))
}

/// The number under which the record opens, of those from `seq` on.
fn try_numbers(
    keys: &mut Keys,
    seq: u64,
    skipped: u64,
    head: &Head,
    body: &[u8],
) -> Option<(u64, (u8, Vec<u8>))> {
    (seq..=seq.saturating_add(skipped))
        .find_map(|seq| Some((seq, keys.open(seq, &head.bytes, body)?)))
}
