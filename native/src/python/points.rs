//! Requests cut into points, as detection asks for them. The GIL stays held: a request takes
//! microseconds, and its bytes are Python's.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyTuple};

use super::injection;
use crate::points::clean::Clean;
use crate::points::collect;
use crate::points::request::{self, LookedAt, Request};

/// What stands behind each value where all are joined.
const LINE_END: u8 = b'\n';

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Points>()?;
    module.add_class::<PointCutter>()
}

#[pyclass(module = "sidetap_native", frozen)]
struct Points {
    points: collect::Points,
    looked_at: LookedAt,
}

#[pymethods]
impl Points {
    fn __len__(&self) -> usize {
        self.points.found.len()
    }

    #[getter]
    fn overlimit(&self) -> Vec<&'static str> {
        self.points.overlimit.iter().copied().collect()
    }

    #[getter]
    fn spent(&self) -> (usize, usize) {
        (self.points.spent.points, self.points.spent.bytes)
    }

    /// All values, each with a line end.
    fn joined<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let found = &self.points.found;
        let bytes = found.iter().map(|point| point.value.len() + 1).sum();
        PyBytes::new_with(py, bytes, |mut room| {
            for point in found {
                let (here, rest) = room.split_at_mut(point.value.len() + 1);
                here[..point.value.len()].copy_from_slice(&point.value);
                here[point.value.len()] = LINE_END;
                room = rest;
            }
            Ok(())
        })
    }

    /// (place, name, raw, value, chain) of each.
    fn found<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyTuple>>> {
        let bytes = |value: &[u8]| PyBytes::new(py, value);
        let tuple = |point: &collect::Point| {
            let raw = bytes(&point.raw);
            let same = std::sync::Arc::ptr_eq(&point.raw, &point.value);
            let value = if same {
                raw.clone()
            } else {
                bytes(&point.value)
            };
            let chain = PyTuple::new(py, &point.chain)?;
            (point.place.as_ref(), bytes(&point.name), raw, value, chain).into_pyobject(py)
        };
        self.points.found.iter().map(tuple).collect()
    }

    /// (number of the point, libinjection's fingerprint) of values that go on in SQL.
    fn break_outs(&self) -> Vec<(usize, String)> {
        let points = self.points.found.iter().enumerate();
        let asked = points.filter(|(_, point)| {
            point.place != "header"
                && point.place != "document"
                && injection::may_break_out(&point.value)
        });
        asked
            .filter_map(|(number, point)| Some((number, injection::fingerprint(&point.value)?)))
            .collect()
    }
}

#[pyclass(module = "sidetap_native")]
#[derive(Default)]
struct PointCutter {
    clean: Clean,
}

#[pymethods]
impl PointCutter {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn request(
        &self,
        target: &[u8],
        headers: Vec<(PyBackedBytes, PyBackedBytes)>,
        body: &[u8],
    ) -> Points {
        let headers: Vec<(&[u8], &[u8])> = headers
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
            .collect();
        let request = Request {
            target,
            headers: &headers,
            body,
        };
        let (points, looked_at) = request::points(&request, &self.clean);
        Points { points, looked_at }
    }

    fn messages(&self, payloads: Vec<PyBackedBytes>) -> Points {
        let points = request::points_of_messages(payloads.iter().map(AsRef::as_ref));
        Points {
            points,
            looked_at: LookedAt::new(),
        }
    }

    /// The headers of a request in which nothing was found.
    fn learn(&mut self, points: &Points) {
        for (header, cost) in &points.looked_at {
            self.clean.learn(header.clone(), *cost);
        }
    }
}
