//! CaptureFile, Interface, Listener, Packer and Block as Python sees them.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::guarded;
use crate::capture::bpf::{Instruction, Program};
use crate::capture::file::{self, Refused};
use crate::capture::{self, interface, listener};
use crate::decode::tunnel::Tunnel;
use crate::pack::blocks::{self, Origin};
use crate::pack::subnet::Subnets;
use crate::pack::{self, Settings};

/// Adds the classes of this half to the module.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<CaptureFile>()?;
    module.add_class::<Interface>()?;
    module.add_class::<Listener>()?;
    module.add_class::<Block>()?;
    module.add_class::<Packer>()
}

/// As bpf_insn: (code, jump if true, jump if false, operand).
type Instructions = Vec<(u16, u8, u8, u32)>;

#[pyclass(module = "sidetap_native")]
struct CaptureFile {
    file: file::CaptureFile,
    path: String,
}

#[pymethods]
impl CaptureFile {
    #[new]
    #[pyo3(signature = (path, *, bpf=Vec::new()))]
    fn new(py: Python<'_>, path: String, bpf: Instructions) -> PyResult<Self> {
        let filter = program(bpf)?;
        match guarded(py, "opening a capture", || {
            file::CaptureFile::open(&path, filter)
        })? {
            Ok(file) => Ok(CaptureFile { file, path }),
            Err(Refused::Unreadable(sentence)) => Err(PyValueError::new_err(sentence)),
            Err(Refused::System(error)) => Err(os_error(&error, &path)),
        }
    }

    #[getter]
    fn done(&self) -> bool {
        self.file.done()
    }

    #[getter]
    fn damage(&self) -> Option<&str> {
        self.file.damage()
    }

    fn take_secrets<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.file.take_secrets())
    }

    #[getter]
    fn link_type(&self) -> u32 {
        self.file.link_number()
    }
}

#[pyclass(module = "sidetap_native")]
struct Interface {
    interface: interface::Interface,
    name: String,
}

#[pymethods]
impl Interface {
    #[new]
    #[pyo3(signature = (
        name,
        *,
        bpf=Vec::new(),
        block_bytes=1_048_576,
        blocks=64,
        fanout_group=None,
        timeout_ms=20,
    ))]
    fn new(
        name: String,
        bpf: Instructions,
        block_bytes: u32,
        blocks: u32,
        fanout_group: Option<u16>,
        timeout_ms: i32,
    ) -> PyResult<Self> {
        let filter = program(bpf)?;
        let options = interface::Options {
            filter,
            block_bytes,
            blocks,
            fanout_group,
            timeout_ms,
        };
        let interface = interface::Interface::open(&name, &options);
        let interface = interface.map_err(|error| os_error(&error, &name))?;
        Ok(Interface { interface, name })
    }

    fn kernel_counts(&mut self) -> PyResult<(u32, u32)> {
        let counts = self
            .interface
            .counts()
            .map_err(|error| os_error(&error, &self.name))?;
        Ok((counts.received, counts.dropped))
    }
}

#[pyclass(module = "sidetap_native")]
struct Listener(listener::Listener);

#[pymethods]
impl Listener {
    #[new]
    #[pyo3(signature = (descriptor, tunnel, *, vnis=Vec::new(), timeout_ms=20))]
    fn new(descriptor: i32, tunnel: &str, vnis: Vec<u32>, timeout_ms: i32) -> PyResult<Self> {
        let kind = match tunnel {
            "vxlan" => Tunnel::Vxlan,
            "geneve" => Tunnel::Geneve,
            _ => {
                return Err(PyValueError::new_err(format!(
                    "no tunnel is called {tunnel}"
                )));
            }
        };
        if descriptor < 0 {
            return Err(PyValueError::new_err("a descriptor is not negative"));
        }
        // SAFETY: Python detached it from its socket: nobody else has it.
        let socket = unsafe { OwnedFd::from_raw_fd(descriptor) };
        let listener = listener::Listener::new(socket, kind, vnis, timeout_ms);
        listener
            .map(Listener)
            .map_err(|error| os_error(&error, tunnel))
    }

    fn kernel_counts(&mut self) -> (u32, u32) {
        self.0.counts()
    }
}

/// Any kind of source.
#[derive(FromPyObject)]
enum Source<'py> {
    File(PyRefMut<'py, CaptureFile>),
    Interface(PyRefMut<'py, Interface>),
    Listener(PyRefMut<'py, Listener>),
}

#[pyclass(frozen, module = "sidetap_native")]
struct Block {
    block: blocks::Block,
}

#[pymethods]
impl Block {
    #[getter]
    fn partition(&self) -> i32 {
        self.block.partition
    }

    #[getter]
    fn sequence(&self) -> i64 {
        self.block.sequence
    }

    #[getter]
    fn clock_us(&self) -> i64 {
        self.block.clock_us
    }

    #[getter]
    fn record<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.block.record())
    }
}

#[pyclass(module = "sidetap_native")]
struct Packer {
    packer: pack::Packer,
}

#[pymethods]
impl Packer {
    #[new]
    #[pyo3(signature = (
        *,
        site,
        agent,
        epoch,
        partitions,
        block_bytes=262_144,
        linger_us=20_000,
        subnets=Vec::new(),
        vlan_in_flow=false,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn new(
        site: String,
        agent: String,
        epoch: String,
        partitions: u32,
        block_bytes: usize,
        linger_us: i64,
        subnets: Vec<(String, String, String)>,
        vlan_in_flow: bool,
    ) -> PyResult<Self> {
        let settings = Settings {
            origin: Origin { site, agent, epoch },
            partitions,
            block_bytes,
            linger_us,
            subnets: Subnets::of(&subnets).map_err(PyValueError::new_err)?,
            vlan_in_flow,
        };
        let packer = pack::Packer::new(settings).map_err(PyValueError::new_err)?;
        Ok(Packer { packer })
    }

    fn read(&mut self, py: Python<'_>, source: Source<'_>, packets: usize) -> PyResult<Vec<Block>> {
        match source {
            Source::File(mut source) => {
                let CaptureFile { file, path } = &mut *source;
                self.read_from(py, file, path, packets)
            }
            Source::Interface(mut source) => {
                let Interface { interface, name } = &mut *source;
                self.read_from(py, interface, name, packets)
            }
            Source::Listener(mut source) => self.read_from(py, &mut source.0, "listener", packets),
        }
    }

    fn tick(&mut self, py: Python<'_>, now_us: i64) -> PyResult<Vec<Block>> {
        let packer = &mut self.packer;
        guarded(py, "moving the clock", || packer.tick(now_us))?;
        Ok(self.take())
    }

    fn end(&mut self, py: Python<'_>) -> PyResult<Vec<Block>> {
        let packer = &mut self.packer;
        guarded(py, "ending a capture", || packer.end())?;
        Ok(self.take())
    }

    fn ledger<'py>(&mut self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let packer = &mut self.packer;
        let records = guarded(py, "telling the ledger", || packer.ledger())?;
        Ok(records
            .iter()
            .map(|record| PyBytes::new(py, record))
            .collect())
    }
}

impl Packer {
    fn read_from(
        &mut self,
        py: Python<'_>,
        source: &mut (impl capture::Source + Send),
        name: &str,
        packets: usize,
    ) -> PyResult<Vec<Block>> {
        let packer = &mut self.packer;
        guarded(py, "packing", || packer.read(source, packets))?
            .map_err(|error| os_error(&error, name))?;
        Ok(self.take())
    }

    fn take(&mut self) -> Vec<Block> {
        self.packer
            .take()
            .into_iter()
            .map(|block| Block { block })
            .collect()
    }
}

fn program(bpf: Instructions) -> PyResult<Option<Program>> {
    if bpf.is_empty() {
        return Ok(None);
    }
    let instruction = |(code, jt, jf, k)| Instruction { code, jt, jf, k };
    let program = Program::of(bpf.into_iter().map(instruction).collect());
    program
        .map(Some)
        .map_err(|invalid| PyValueError::new_err(invalid.to_string()))
}

/// As Python raises it: with number and name, so that the right subclass comes out.
fn os_error(error: &io::Error, name: &str) -> PyErr {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(number) => {
            let text = text
                .split(" (os error")
                .next()
                .unwrap_or_default()
                .to_owned();
            PyOSError::new_err((number, text, name.to_owned()))
        }
        None => PyOSError::new_err(format!("{name}: {text}")),
    }
}
