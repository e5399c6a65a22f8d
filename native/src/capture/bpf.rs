//! Classic BPF programs, run over frames of files. Interfaces let the kernel run them.
//!
//! The programs come compiled. Source: McCanne & Jacobson 1993, and the kernel's filter.txt for
//! what a load outside of the frame does: it rejects the frame.

use std::fmt;

/// The kernel takes no longer programs (BPF_MAXINSNS); theirs and ours are the same.
pub const INSTRUCTIONS_MAX: usize = 4096;
const SCRATCH_WORDS: usize = 16;

/// One instruction: (code, jump if true, jump if false, operand).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    pub code: u16,
    pub jt: u8,
    pub jf: u8,
    pub k: u32,
}

/// A program that was checked: it ends, and touches nothing but the frame and its scratch words.
#[derive(Clone, Debug)]
pub struct Program {
    instructions: Vec<Instruction>,
}

/// Why a program is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub instruction: usize,
    pub what: &'static str,
}

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(
            out,
            "the filter's instruction {}: {}",
            self.instruction, self.what
        )
    }
}

impl Program {
    /// Checks instructions as the kernel does: jumps go forward and stay inside, all is known.
    pub fn of(instructions: Vec<Instruction>) -> Result<Self, Invalid> {
        let count = instructions.len();
        if count == 0 || count > INSTRUCTIONS_MAX {
            return Err(Invalid {
                instruction: count,
                what: "a program has 1 to 4096 of them",
            });
        }
        for (at, instruction) in instructions.iter().enumerate() {
            check(instruction, count - at - 1).map_err(|what| Invalid {
                instruction: at,
                what,
            })?;
        }
        if instructions[count - 1].code & 7 != RET {
            return Err(Invalid {
                instruction: count - 1,
                what: "the last one must return",
            });
        }
        Ok(Program { instructions })
    }

    /// Whether the frame is wanted.
    pub fn accepts(&self, frame: &[u8], wire_bytes: u32) -> bool {
        let mut machine = Machine {
            a: 0,
            x: 0,
            scratch: [0; SCRATCH_WORDS],
            frame,
            wire_bytes,
        };
        let mut at = 0;
        loop {
            // `of` has checked that every path stays inside and ends in a return.
            match machine.step(self.instructions[at]) {
                Some(Next::Jump(by)) => at += 1 + by,
                Some(Next::Return(bytes)) => return bytes != 0,
                None => return false,
            }
        }
    }

    /// For the kernel.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }
}

const LD: u16 = 0;
const LDX: u16 = 1;
const ST: u16 = 2;
const STX: u16 = 3;
const ALU: u16 = 4;
const JMP: u16 = 5;
const RET: u16 = 6;

const IMM: u16 = 0x00;
const ABS: u16 = 0x20;
const IND: u16 = 0x40;
const MEM: u16 = 0x60;
const LEN: u16 = 0x80;
const MSH: u16 = 0xa0;

fn check(instruction: &Instruction, after: usize) -> Result<(), &'static str> {
    let Instruction { code, jt, jf, k } = *instruction;
    let scratch = || {
        if (k as usize) < SCRATCH_WORDS {
            Ok(())
        } else {
            Err("no such scratch word")
        }
    };
    match code & 7 {
        LD | LDX => match (code & 7, code & 0xe0, code & 0x18) {
            (LD, ABS | IND, 0x00 | 0x08 | 0x10) | (_, IMM | LEN, 0) | (LDX, MSH, 0x10) => Ok(()),
            (_, MEM, 0) => scratch(),
            _ => Err("an unknown load"),
        },
        ST | STX if code & 0xf8 == 0 => scratch(),
        ALU => match code & 0xf8 {
            0x30 | 0x90 if k == 0 => Err("a division by zero"),
            0x60 | 0x70 if k > 31 => Err("a shift by more than 31"),
            op if op & 0xf0 <= 0xa0 => Ok(()),
            _ => Err("unknown arithmetic"),
        },
        JMP => match code & 0xf0 {
            0x00 if (k as usize) < after => Ok(()),
            0x10 | 0x20 | 0x30 | 0x40 if usize::from(jt.max(jf)) < after => Ok(()),
            0x00..=0x40 => Err("a jump out of the program"),
            _ => Err("an unknown jump"),
        },
        RET if matches!(code & 0x18, 0x00 | 0x10) => Ok(()),
        7 if matches!(code & 0xf8, 0x00 | 0x80) => Ok(()),
        _ => Err("unknown"),
    }
}

enum Next {
    Jump(usize),
    Return(u32),
}

struct Machine<'a> {
    a: u32,
    x: u32,
    scratch: [u32; SCRATCH_WORDS],
    frame: &'a [u8],
    wire_bytes: u32,
}

impl Machine<'_> {
    /// None: a load outside of the frame or a division by zero; both reject it.
    fn step(&mut self, instruction: Instruction) -> Option<Next> {
        let Instruction { code, jt, jf, k } = instruction;
        let operand = if code & 8 == 0 { k } else { self.x };
        match code & 7 {
            LD => self.a = self.load(code, k)?,
            LDX => self.x = self.load(code, k)?,
            ST => self.scratch[k as usize] = self.a,
            STX => self.scratch[k as usize] = self.x,
            ALU => self.a = self.compute(code & 0xf0, operand)?,
            JMP => {
                let holds = match code & 0xf0 {
                    0x00 => return Some(Next::Jump(k as usize)),
                    0x10 => self.a == operand,
                    0x20 => self.a > operand,
                    0x30 => self.a >= operand,
                    _ => self.a & operand != 0,
                };
                return Some(Next::Jump(usize::from(if holds { jt } else { jf })));
            }
            RET => return Some(Next::Return(if code & 0x18 == 0x10 { self.a } else { k })),
            _ if code & 0xf8 == 0 => self.x = self.a,
            _ => self.a = self.x,
        }
        Some(Next::Jump(0))
    }

    fn load(&self, code: u16, k: u32) -> Option<u32> {
        let at = match code & 0xe0 {
            IMM => return Some(k),
            MEM => return Some(self.scratch[k as usize]),
            LEN => return Some(self.wire_bytes),
            MSH => return Some(u32::from(*self.frame.get(k as usize)? & 0xf) * 4),
            IND => self.x.checked_add(k)? as usize,
            _ => k as usize,
        };
        let bytes = self.frame.get(at..)?;
        match code & 0x18 {
            0x00 => Some(u32::from_be_bytes(*bytes.first_chunk()?)),
            0x08 => Some(u32::from(u16::from_be_bytes(*bytes.first_chunk()?))),
            _ => Some(u32::from(*bytes.first()?)),
        }
    }

    fn compute(&self, operation: u16, operand: u32) -> Option<u32> {
        match operation {
            0x00 => Some(self.a.wrapping_add(operand)),
            0x10 => Some(self.a.wrapping_sub(operand)),
            0x20 => Some(self.a.wrapping_mul(operand)),
            0x30 => self.a.checked_div(operand),
            0x40 => Some(self.a | operand),
            0x50 => Some(self.a & operand),
            0x60 => Some(self.a.checked_shl(operand).unwrap_or(0)),
            0x70 => Some(self.a.checked_shr(operand).unwrap_or(0)),
            0x80 => Some(self.a.wrapping_neg()),
            0x90 => self.a.checked_rem(operand),
            _ => Some(self.a ^ operand),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(code: &[(u16, u8, u8, u32)]) -> Result<Program, Invalid> {
        let instruction = |&(code, jt, jf, k)| Instruction { code, jt, jf, k };
        Program::of(code.iter().map(instruction).collect())
    }

    /// `tcpdump -dd "tcp port 80"` without its IPv6 half.
    const PORT_80: &[(u16, u8, u8, u32)] = &[
        (0x28, 0, 0, 12),
        (0x15, 0, 10, 0x800),
        (0x30, 0, 0, 23),
        (0x15, 0, 8, 6),
        (0x28, 0, 0, 20),
        (0x45, 6, 0, 0x1fff),
        (0xb1, 0, 0, 14),
        (0x48, 0, 0, 14),
        (0x15, 2, 0, 80),
        (0x48, 0, 0, 16),
        (0x15, 0, 1, 80),
        (0x06, 0, 0, 0x40000),
        (0x06, 0, 0, 0),
    ];

    fn frame(port: u16) -> Vec<u8> {
        let mut frame = vec![0; 54];
        frame[12..14].copy_from_slice(&[8, 0]);
        frame[14] = 0x45;
        frame[23] = 6;
        frame[36..38].copy_from_slice(&port.to_be_bytes());
        frame
    }

    #[test]
    fn a_port_is_found_or_not() {
        let filter = program(PORT_80).unwrap();
        assert!(filter.accepts(&frame(80), 54));
        assert!(!filter.accepts(&frame(81), 54));
        assert!(
            !filter.accepts(&frame(80)[..20], 54),
            "a load outside rejects"
        );
    }

    #[test]
    fn what_could_misbehave_is_refused() {
        let end = (0x06, 0, 0, 0);
        for (code, what) in [
            (vec![], "1 to 4096"),
            (vec![(0x28, 0, 0, 12)], "must return"),
            (vec![(0x15, 0, 9, 1), end], "jump out"),
            (vec![(0x05, 0, 0, 1), end], "jump out"),
            (vec![(0x02, 0, 0, 16), end], "scratch"),
            (vec![(0x34, 0, 0, 0), end], "division"),
            (vec![(0xf8, 0, 0, 0), end], "unknown"),
        ] {
            let refused = program(&code).unwrap_err().to_string();
            assert!(refused.contains(what), "{refused}");
        }
    }

    #[test]
    fn arithmetic_wraps_and_division_by_a_zero_register_rejects() {
        let wraps = [
            (0x00, 0, 0, u32::MAX),
            (0x04, 0, 0, 1),
            (0x15, 0, 1, 0),
            (6, 0, 0, 1),
            (6, 0, 0, 0),
        ];
        assert!(program(&wraps).unwrap().accepts(b"", 0));
        let divides = [(0x00, 0, 0, 5), (0x3c, 0, 0, 0), (6, 0, 0, 1)];
        assert!(!program(&divides).unwrap().accepts(b"", 0));
    }
}
