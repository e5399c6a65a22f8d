//! Which request does a response answer? Decided by TCP positions, or not at all.
//!
//! A server answers in the order of the requests, and what it answers it has acknowledged. On an
//! undamaged connection that is enough. Behind a hole, requests or responses may be missing: then
//! a pair is proved by the request's own ACK, which says where the client stood in the server's
//! stream when it asked, so where the answer begins. What begins elsewhere may be a response that
//! stands in the body of another one: it is not paired, even if one request only is unanswered.

use std::collections::VecDeque;

use super::habits::Habits;
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
    let first = unanswered.next()?;
    if !answer.after_gap && !first.1.after_gap && covered(first.1) {
        return Some((first.0, Pairing::Position));
    }
    let asked_here = |open: &Open| {
        open.request
            .as_ref()
            .is_some_and(|request| request.ack == Some(answer.start))
    };
    if !covered(first.1) && answer.undamaged {
        // An ACK that cannot be believed, or none: the order is left, if the place fits.
        let fits = answer.ack.is_none() || asked_here(first.1);
        return fits.then_some((first.0, Pairing::Order));
    }
    let mut candidates = std::iter::once(first).chain(unanswered);
    let (index, open) = candidates.find(|(_, open)| covered(open) && asked_here(open))?;
    // Requests sent together share one ACK: one that was lost in front could own this answer,
    // unless that was answered before. Behind a client that was seen to pipeline nobody can say.
    let asked_from = open.request.as_ref().map_or(0, |request| request.start);
    let answered = answer.undamaged || answer.habits.is_answered(answer.side, asked_from);
    let certain = !open.after_gap || (answered && !answer.pipelined);
    certain.then_some((index, Pairing::Position))
}
