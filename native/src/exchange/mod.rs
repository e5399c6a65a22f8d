//! Messages of two directions become exchanges: pairing, ids, records, and reading them again.

pub mod begin;
pub mod community;
mod etiquette;
pub mod finish;
pub mod habits;
pub mod id;
mod lost_frames;
pub mod message;
pub mod pairing;
pub mod part;
pub mod record;
mod repeats;
pub mod scene;
pub mod socket;
mod stream;
pub mod streams;
pub mod talk;
pub mod turn;
mod unframed;
pub mod view;
