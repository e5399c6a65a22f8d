//! Exchange records, written as Avro at once; the oracle is fastavro with schemas/exchange.avsc.

use super::community::{self, community_id};
use super::id::{self, Identity, Of};
use super::message::{Message, Open};
use super::part::Part;
use super::scene::Scene;
use crate::avro::{write_boolean, write_bytes, write_long, write_string};
use crate::schema::{Anomaly, EXCHANGE_HEAD, Mode};

const PROTOCOLS: [&str; 4] = ["http/0.9", "http/1.0", "http/1.1", "http/2"];

/// Writes the exchange as it is; `over`: nothing more will come of it.
pub fn emit(open: &mut Open, over: bool, scene: &mut Scene) {
    scene.count(if open.emitted {
        "revisions"
    } else {
        "exchanges"
    });
    send(open, over, None, scene);
    open.emitted = true;
}

/// Writes a part of the stream that the exchange asked for.
pub fn emit_part(open: &Open, over: bool, part: &Part, scene: &mut Scene) {
    scene.count("parts");
    send(open, over, Some(part), scene);
}

fn send(open: &Open, over: bool, part: Option<&Part>, scene: &mut Scene) {
    let client = scene
        .key
        .side(usize::from(open.client_side))
        .address()
        .to_string();
    let kept: usize = [&open.request, &open.response]
        .into_iter()
        .flatten()
        .map(|message| message.body.len() + message.head.len())
        .sum();
    let items_bytes = part.map_or(0, Part::bytes);
    let mut out = Vec::with_capacity(kept + items_bytes + 640);
    write(open, over, part, &client, scene, &mut out);
    let mut key = Vec::with_capacity(scene.site.len() + 1 + client.len());
    key.extend_from_slice(scene.site.as_bytes());
    key.push(b'/');
    key.extend_from_slice(client.as_bytes());
    scene.outputs.push((Some(key), out));
}

fn write(
    open: &Open,
    over: bool,
    part: Option<&Part>,
    client: &str,
    scene: &Scene,
    out: &mut Vec<u8>,
) {
    let client_side = usize::from(open.client_side);
    let server = scene.key.side(1 - client_side);
    let missing: u64 = [&open.request, &open.response]
        .into_iter()
        .flatten()
        .map(|message| message.missing_bytes + message.head_missing_bytes)
        .sum();
    out.extend_from_slice(&EXCHANGE_HEAD);
    write_bytes(&id_of(open, scene), out);
    write_long(i64::from(open.emitted), out);
    write_string(scene.site, out);
    write_string(&open.source, out);
    write_long(Mode::Tcp as i64, out);
    let protocol = PROTOCOLS[usize::from(open.version.min(3))];
    write_string(part.map_or(protocol, |_| "websocket"), out);
    let first = open.request.as_ref().or(open.response.as_ref());
    let at_us = first.map_or(0, |message| message.at_us);
    write_long(part.and_then(Part::at_us).unwrap_or(at_us), out);
    write_string(client, out);
    write_long(i64::from(scene.key.side(client_side).port), out);
    write_string(client, out);
    write_string(&server.address().to_string(), out);
    write_long(i64::from(server.port), out);
    write_option(open.vlan.map(i64::from), out);
    write_option(open.vni.map(i64::from), out);
    write_string(&community_id(&scene.key, community::TCP), out);
    write_string(&open.host, out);
    write_string("", out);
    write_long(i64::from(open.pairing), out);
    write_boolean(over, out);
    write_option(part.map(|part| i64::from(part.number)), out);
    write_option((open.stream > 0).then_some(i64::from(open.stream)), out);
    write_option(open.request.as_ref().map(sequence), out);
    write_option(open.response.as_ref().map(sequence), out);
    write_long(missing as i64, out);
    write_option(latency_us(open).filter(|_| part.is_none()), out);
    write_anomalies(open, over || part.is_some(), out);
    write_long(i64::from(scene.tls.is_some()), out);
    if let Some(said) = &scene.tls {
        said.write(out);
    }
    write_message(open.request.as_ref(), false, out);
    write_message(open.response.as_ref(), true, out);
    if let Some(part) = part.filter(|part| !part.messages.is_empty()) {
        write_long(part.messages.len() as i64, out);
        part.messages
            .iter()
            .for_each(|(_, item)| out.extend_from_slice(item));
    }
    write_long(0, out);
}

fn id_of(open: &Open, scene: &Scene) -> [u8; 32] {
    let message = open.request.as_ref().or(open.response.as_ref());
    id::id(&Identity {
        site: scene.site,
        key: &scene.key,
        of: if open.request.is_none() {
            Of::OrphanResponse
        } else {
            Of::Request
        },
        seq: message.map_or(0, |message| message.start as u32),
        stream: open.stream,
        epoch: scene.epoch,
    })
}

fn sequence(message: &Message) -> i64 {
    i64::from(message.start as u32)
}

/// Last byte of the request to the first of the response; two taps' clocks may disagree.
fn latency_us(open: &Open) -> Option<i64> {
    let (request, response) = (open.request.as_ref()?, open.response.as_ref()?);
    Some((response.at_us - request.end_us).max(0))
}

fn write_option(value: Option<i64>, out: &mut Vec<u8>) {
    write_long(i64::from(value.is_some()), out);
    if let Some(value) = value {
        write_long(value, out);
    }
}

fn write_anomalies(open: &Open, over: bool, out: &mut Vec<u8>) {
    let numbers = open.marks.numbers();
    let unfinished = !over && !open.marks.has(Anomaly::Incomplete);
    let count = numbers.len() + usize::from(unfinished);
    if count > 0 {
        write_long(count as i64, out);
        numbers
            .iter()
            .for_each(|&number| write_long(i64::from(number), out));
        if unfinished {
            write_long(Anomaly::Incomplete as i64, out);
        }
    }
    write_long(0, out);
}

fn write_message(message: Option<&Message>, is_response: bool, out: &mut Vec<u8>) {
    write_long(i64::from(message.is_some()), out);
    let Some(message) = message else { return };
    out.extend_from_slice(&message.head.bytes);
    if message.trailers.is_empty() {
        write_long(0, out);
    } else {
        out.extend_from_slice(&message.trailers.bytes);
    }
    write_long(message.shares.body as i64, out);
    write_long(message.missing_bytes as i64, out);
    write_long(i64::from(message.encoding.is_some()), out);
    if let Some(encoding) = &message.encoding {
        write_string(encoding, out);
    }
    write_boolean(message.complete, out);
    write_boolean(message.truncated(), out);
    if !message.gaps.is_empty() {
        write_long(message.gaps.len() as i64, out);
        for &(offset, bytes) in &message.gaps {
            write_long(offset as i64, out);
            write_long(bytes as i64, out);
        }
    }
    write_long(0, out);
    write_bytes(&message.body.bytes, out);
    write_long(i64::from(message.head_bytes), out);
    write_boolean(message.complete, out);
    if is_response {
        write_long(message.at_us, out);
    }
}
