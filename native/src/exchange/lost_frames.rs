//! Holes in the frames of HTTP/2: what they take from messages, and where reading goes on.

use super::scene::Scene;
use super::streams::{Place, Reader};
use super::talk::Talk;
use crate::schema::Anomaly;

impl Talk {
    /// Where the next frame begins is not known any more, nor what the table holds.
    pub(super) fn lose_frames(&mut self, side: usize, scene: &mut Scene) {
        let part = std::mem::take(&mut self.sides[side].part).len();
        self.discard(part, scene);
        *self.reader(side) = Reader {
            place: Place::Lost,
            begun: true,
            ..Reader::default()
        };
        let is_client = self.is_client(side);
        for open in &mut self.open {
            let message = match is_client {
                true => open.request.as_mut(),
                false => open.response.as_mut(),
            };
            if let Some(message) = message.filter(|message| open.stream > 0 && !message.ended) {
                message.broken = true;
                open.marks.add(Anomaly::GapInBody);
            }
        }
    }

    /// Bytes are lost: inside a DATA frame they are counted; else frames are looked for anew.
    pub(super) fn gap_in_frames(&mut self, side: usize, bytes: u64, scene: &mut Scene) {
        let Place::Data {
            stream,
            left,
            pad,
            ends,
        } = self.reader(side).place
        else {
            if let Place::Skip(left) = self.reader(side).place
                && bytes > 0
                && bytes <= u64::from(left)
            {
                self.skip(side, left as usize - bytes as usize);
                return;
            }
            self.lose_frames(side, scene);
            return;
        };
        let lost = if bytes == 0 {
            u64::from(left)
        } else {
            bytes.min(u64::from(left))
        };
        if let Some((message, marks)) = self.message(side, stream)
            && !message.ended
        {
            message.lose(lost, scene.limits);
            marks.add(Anomaly::GapInBody);
        }
        let all = u64::from(left) + u64::from(pad);
        if bytes == 0 || bytes > all {
            self.lose_frames(side, scene);
            return;
        }
        let padding = bytes - lost;
        self.reader(side).place = Place::Data {
            stream,
            left: left - lost as u32,
            pad: pad - padding as u8,
            ends,
        };
        if bytes == all {
            self.reader(side).place = Place::Frame;
            if ends {
                self.end_stream(side, stream, true, scene);
            }
        }
    }
}
