//! A body by what it is: by its own first bytes where its type says nothing or lies.

use std::borrow::Cow;

use memchr::memmem;

use super::collect::Points;
use super::{form, graphql, is_blank, json, multipart, xml};
use crate::grpc::{self, Value};

/// How much of a body shows what it is.
const START_BYTES: usize = 64;
const FORM_START_BYTES: usize = 256;

/// The body without its content coding, under the type that its headers name.
pub fn add(points: &mut Points, body: &[u8], content_type: &[u8]) {
    let kind = content_type.to_ascii_lowercase();
    let says = |word: &[u8]| memmem::find(&kind, word).is_some();
    if says(b"multipart/") && says(b"boundary") {
        return add_parts(points, body, content_type);
    }
    let start = &body[..body.len().min(START_BYTES)];
    let first = start.iter().copied().find(|&byte| !is_blank(byte));
    if (matches!(first, Some(b'{' | b'[')) || says(b"json"))
        && let Some(pairs) = json::pairs(body)
    {
        return points.add_pairs("body.json", pairs, false);
    }
    if says(b"application/graphql") {
        points.add(&Cow::Borrowed("body"), b"", body);
        let pairs = graphql::pairs(body).unwrap_or_default();
        return points.add_pairs("body.graphql", pairs, false);
    }
    if first == Some(b'<') || says(b"xml") {
        points.add(&Cow::Borrowed("document"), b"", body);
        return points.add_pairs("body.xml", xml::pairs(body).unwrap_or_default(), false);
    }
    let looks_like_form = body.iter().take(FORM_START_BYTES).any(|&byte| byte == b'=')
        && !start
            .iter()
            .any(|&byte| is_blank(byte) || byte == b'{' || byte == b'<');
    if says(b"urlencoded") || looks_like_form {
        return points.add_pairs("body.form", form::pairs(body), true);
    }
    points.add(&Cow::Borrowed("body"), b"", body);
}

fn add_parts(points: &mut Points, body: &[u8], content_type: &[u8]) {
    for part in multipart::parts(body, content_type) {
        points.add_name(&Cow::Borrowed("body.part"), part.name);
        if let Some(file_name) = part.file_name {
            points.add(&Cow::Borrowed("body.file.name"), part.name, file_name);
        }
        if !part.content.is_empty() {
            let place = if part.file_name.is_some() {
                "body.file"
            } else {
                "body.part"
            };
            points.add(&Cow::Borrowed(place), part.name, part.content);
        }
    }
}

/// Texts of protobuf by their field numbers, `3.1`; what is no protobuf as a body of its own.
pub fn add_grpc(points: &mut Points, body: &[u8], content_type: &[u8], encoding: Option<&[u8]>) {
    let encoding = encoding.and_then(|name| std::str::from_utf8(name).ok());
    for message in grpc::messages(body, content_type, encoding) {
        let fields = if message.is_trailers {
            None
        } else {
            grpc::fields(&message.bytes)
        };
        let Some(fields) = fields else {
            add(points, &message.bytes, b"");
            continue;
        };
        for field in fields {
            if let Value::Bytes(text) = field.value
                && !text.is_empty()
            {
                let numbers: Vec<String> = field.path.iter().map(u32::to_string).collect();
                points.add(
                    &Cow::Borrowed("body.grpc"),
                    numbers.join(".").as_bytes(),
                    text,
                );
            }
        }
    }
}
