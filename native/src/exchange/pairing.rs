//! Which request does a response answer? Decided by TCP positions, or not at all.
//!
//! A server answers in the order of the requests, and what it answers it has acknowledged. On an
//! undamaged connection that is enough. Behind a hole, requests or responses may be missing: then
//! a pair is proved by the request's own ACK, which says where the client stood in the server's
//! stream when it asked, so where the answer begins. What begins elsewhere may be a response that
//! stands in the body of another one: it is not paired, even if one request only is unanswered.

use std::collections::VecDeque;

use super::habits::{Habits, Hidden};
use super::message::Open;
use crate::schema::Pairing;

/// A response that looks for its request.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Where it begins; with interim responses, where the first of them does.
    pub start: u64,
    /// What the server had received when it sent that.
    pub ack: Option<u64>,
    /// Responses may be lost in front of it.
    pub after_gap: bool,
    /// The client was seen to send requests without waiting for answers.
    pub pipelined: bool,
    /// Nobody saw how the connection began: requests from before may be unanswered.
    pub picked_up: bool,
    /// Which side answers, and how both took turns so far.
    pub side: usize,
    pub habits: Habits,
    /// No byte of the flow was lost so far; its beginnings may be unknown.
    pub undamaged: bool,
}

/// The index of the request in `open`, and how sure that is.
pub fn pair(open: &VecDeque<Open>, answer: Answer) -> Option<(usize, Pairing)> {
    let mut unanswered = open
        .iter()
        .enumerate()
        .filter(|(_, open)| open.is_unanswered());
    let covered = |open: &Open| match (answer.ack, &open.request) {
        (Some(ack), Some(request)) => request.start < ack,
        _ => false,
    };
    let asked_here = |open: &Open| {
        open.request
            .as_ref()
            .is_some_and(|request| request.ack == Some(answer.start))
    };
    let first = unanswered.next()?;
    let (first_index, first_open) = first;
    if answer.picked_up && answer.pipelined {
        // This client does not wait for answers, and how many it is owed for requests from before,
        // nothing tells.
        return None;
    }
    if !answer.after_gap && first_open.after_gap == Hidden::Nothing && covered(first_open) {
        return Some((first_index, Pairing::Position));
    }
    if !covered(first_open) && answer.undamaged {
        // An ACK that cannot be believed, or none: the order is left, if the place fits.
        let fits = answer.ack.is_none() || asked_here(first_open);
        return fits.then_some((first_index, Pairing::Order));
    }
    if !answer.after_gap && first_open.after_gap == Hidden::Surely {
        // All responses so far have their requests: this one has that which was lost.
        return None;
    }
    let candidates = std::iter::once(first).chain(unanswered);
    let mut doubtful = false;
    let (index, open) = candidates
        .inspect(|(_, open)| doubtful |= open.after_gap.is_possible())
        .find(|(_, open)| covered(open) && asked_here(open))?;
    // All requests up to this one are known, and the client had not heard more when it asked.
    if index == first_index && !doubtful {
        return Some((index, Pairing::Position));
    }
    // Requests sent together share one ACK, and those sent one behind another are answered behind
    // it: one that was lost in front, or one that is passed over, could own this answer, unless it
    // was answered before. Behind a client that was seen to pipeline nobody can say.
    let asked_from = open.request.as_ref().map_or(0, |request| request.start);
    let answered =
        !doubtful || answer.undamaged || answer.habits.is_answered(answer.side, asked_from);
    (answered && !answer.pipelined).then_some((index, Pairing::Position))
}
