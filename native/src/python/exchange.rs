//! Exchange, Request, Response and Body as Python sees them: lazy views of one record.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};
use sha2::{Digest, Sha256};

use crate::content::{self, Outcome};
use crate::exchange::id::hex;
use crate::exchange::view::{BodyView, MessageView, Place, SocketView, View, items, slice};
use crate::schema::ANOMALY_SYMBOLS;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Exchange>()?;
    module.add_class::<Request>()?;
    module.add_class::<Response>()?;
    module.add_class::<SocketMessage>()?;
    module.add_class::<Body>()
}

type TlsNames<'py> = (
    Option<Bound<'py, PyString>>,
    Option<Bound<'py, PyString>>,
    Option<Bound<'py, PyString>>,
    Option<Bound<'py, PyString>>,
);

/// Strings were checked to be UTF-8 when the view was made.
fn string<'py>(record: &Bound<'py, PyBytes>, place: &Place) -> Bound<'py, PyString> {
    let text = String::from_utf8_lossy(slice(record.as_bytes(), place));
    PyString::new(record.py(), &text)
}

fn bytes<'py>(record: &Bound<'py, PyBytes>, place: &Place) -> Bound<'py, PyBytes> {
    PyBytes::new(record.py(), slice(record.as_bytes(), place))
}

fn pairs<'py>(record: &Bound<'py, PyBytes>, place: &Place) -> PyResult<Bound<'py, PyList>> {
    let py = record.py();
    let pairs = items(record.as_bytes(), place, |reader| {
        Ok((reader.bytes()?, reader.bytes()?))
    });
    PyList::new(
        py,
        pairs
            .iter()
            .map(|(name, value)| (PyBytes::new(py, name), PyBytes::new(py, value))),
    )
}

fn header<'py>(
    record: &Bound<'py, PyBytes>,
    place: &Place,
    wanted: &[u8],
) -> Option<Bound<'py, PyBytes>> {
    let pairs = items(record.as_bytes(), place, |reader| {
        Ok((reader.bytes()?, reader.bytes()?))
    });
    let found = pairs
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    Some(PyBytes::new(record.py(), found.1))
}

macro_rules! fields {
    ($class:ident, $part:ident: $($how:ident $name:ident -> $kind:ty),+ $(,)?) => {
        #[pymethods]
        impl $class {
            $(#[getter]
            fn $name<'py>(&self, py: Python<'py>) -> $kind {
                fields!(@ $how, self, py, $part, $name)
            })+
        }
    };
    (@ string, $self:ident, $py:ident, $part:ident, $name:ident) => { string($self.record.bind($py), &$self.$part.$name) };
    (@ bytes, $self:ident, $py:ident, $part:ident, $name:ident) => { bytes($self.record.bind($py), &$self.$part.$name) };
    (@ pairs, $self:ident, $py:ident, $part:ident, $name:ident) => { pairs($self.record.bind($py), &$self.$part.$name) };
    (@ value, $self:ident, $py:ident, $part:ident, $name:ident) => {{ let _ = $py; $self.$part.$name }};
    (@ body, $self:ident, $py:ident, $part:ident, $name:ident) => {
        Body { record: $self.record.clone_ref($py), view: $self.$part.$name.clone() }
    };
}

#[pyclass(module = "sidetap_native", frozen)]
struct Exchange {
    record: Py<PyBytes>,
    view: View,
}

fields!(Exchange, view:
    string id -> Bound<'py, PyString>,
    value revision -> i64,
    string site -> Bound<'py, PyString>,
    string source -> Bound<'py, PyString>,
    value mode -> &'static str,
    string protocol -> Bound<'py, PyString>,
    value at_us -> i64,
    string client_ip -> Bound<'py, PyString>,
    value client_port -> i64,
    string peer_ip -> Bound<'py, PyString>,
    string server_ip -> Bound<'py, PyString>,
    value server_port -> i64,
    value vlan -> Option<i64>,
    value vni -> Option<i64>,
    string community_id -> Bound<'py, PyString>,
    string host -> Bound<'py, PyString>,
    string application -> Bound<'py, PyString>,
    value pairing -> &'static str,
    value response_final -> bool,
    value part -> Option<i64>,
    value stream -> Option<i64>,
    value request_seq -> Option<i64>,
    value response_seq -> Option<i64>,
    value missing_bytes -> i64,
    value latency_us -> Option<i64>,
);

#[pymethods]
impl Exchange {
    #[new]
    fn new(record: Bound<'_, PyBytes>) -> PyResult<Self> {
        let view = View::of(record.as_bytes())
            .map_err(|reason| PyValueError::new_err(format!("not an Exchange record: {reason}")))?;
        Ok(Exchange {
            record: record.unbind(),
            view,
        })
    }

    #[getter]
    fn anomalies(&self, py: Python<'_>) -> Vec<&'static str> {
        let numbers = items(
            self.record.bind(py).as_bytes(),
            &self.view.anomalies,
            |reader| reader.long(),
        );
        let named = numbers
            .into_iter()
            .filter_map(|number| ANOMALY_SYMBOLS.get(number as usize));
        named.copied().collect()
    }

    #[getter]
    fn tls<'py>(&self, py: Python<'py>) -> Option<TlsNames<'py>> {
        let record = self.record.bind(py);
        let [sni, alpn, version, ja4] = self.view.tls.as_ref()?;
        let text = |place: &Option<Place>| place.as_ref().map(|place| string(record, place));
        Some((text(sni), text(alpn), text(version), text(ja4)))
    }

    #[getter]
    fn request(&self, py: Python<'_>) -> Option<Request> {
        let message = self.view.request.clone()?;
        Some(Request {
            record: self.record.clone_ref(py),
            message,
        })
    }

    #[getter]
    fn response(&self, py: Python<'_>) -> Option<Response> {
        let message = self.view.response.clone()?;
        Some(Response {
            record: self.record.clone_ref(py),
            message,
        })
    }

    #[getter]
    fn messages(&self, py: Python<'_>) -> Vec<SocketMessage> {
        let of = |message: &SocketView| SocketMessage {
            record: self.record.clone_ref(py),
            message: message.clone(),
        };
        self.view.messages.iter().map(of).collect()
    }

    #[pyo3(signature = (*, client_ip=None, application=None))]
    fn relabel<'py>(
        &self,
        py: Python<'py>,
        client_ip: Option<&str>,
        application: Option<&str>,
    ) -> Bound<'py, PyBytes> {
        let record = self.record.bind(py).as_bytes();
        PyBytes::new(py, &self.view.relabel(record, client_ip, application))
    }
}

#[pyclass(module = "sidetap_native", frozen)]
struct Request {
    record: Py<PyBytes>,
    message: MessageView,
}

fields!(Request, message:
    bytes method -> Bound<'py, PyBytes>,
    bytes target -> Bound<'py, PyBytes>,
    string version -> Bound<'py, PyString>,
    pairs headers -> PyResult<Bound<'py, PyList>>,
    pairs trailers -> PyResult<Bound<'py, PyList>>,
    body body -> Body,
    value head_bytes -> i64,
    value complete -> bool,
);

#[pymethods]
impl Request {
    fn header<'py>(&self, py: Python<'py>, name: &[u8]) -> Option<Bound<'py, PyBytes>> {
        header(self.record.bind(py), &self.message.headers, name)
    }
}

#[pyclass(module = "sidetap_native", frozen)]
struct Response {
    record: Py<PyBytes>,
    message: MessageView,
}

fields!(Response, message:
    value status -> i64,
    string version -> Bound<'py, PyString>,
    pairs headers -> PyResult<Bound<'py, PyList>>,
    pairs trailers -> PyResult<Bound<'py, PyList>>,
    body body -> Body,
    value head_bytes -> i64,
    value complete -> bool,
    value at_us -> i64,
);

#[pymethods]
impl Response {
    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        bytes(self.record.bind(py), &self.message.method)
    }

    fn header<'py>(&self, py: Python<'py>, name: &[u8]) -> Option<Bound<'py, PyBytes>> {
        header(self.record.bind(py), &self.message.headers, name)
    }
}

#[pyclass(module = "sidetap_native", frozen)]
struct SocketMessage {
    record: Py<PyBytes>,
    message: SocketView,
}

fields!(SocketMessage, message:
    value at_us -> i64,
    value from_client -> bool,
    value opcode -> i64,
    bytes payload -> Bound<'py, PyBytes>,
    value wire_bytes -> i64,
    value missing_bytes -> i64,
    value complete -> bool,
    value truncated -> bool,
    value compressed -> bool,
);

#[pyclass(module = "sidetap_native", frozen)]
struct Body {
    record: Py<PyBytes>,
    view: BodyView,
}

fields!(Body, view:
    value wire_bytes -> i64,
    value missing_bytes -> i64,
    value complete -> bool,
    value truncated -> bool,
    bytes kept -> Bound<'py, PyBytes>,
);

impl Body {
    fn decode(&self, record: &[u8], wanted: usize) -> (Outcome, Option<Vec<u8>>) {
        let encoding = self
            .view
            .encoding
            .as_ref()
            .map(|place| slice(record, place));
        let encoding = encoding.and_then(|text| std::str::from_utf8(text).ok());
        let cut = self.view.truncated || self.view.missing_bytes > 0 || !self.view.complete;
        content::decode(slice(record, &self.view.kept), encoding, cut, wanted)
    }
}

#[pymethods]
impl Body {
    #[getter]
    fn encoding<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        self.view
            .encoding
            .as_ref()
            .map(|place| string(self.record.bind(py), place))
    }

    #[getter]
    fn gaps(&self, py: Python<'_>) -> Vec<(i64, i64)> {
        items(self.record.bind(py).as_bytes(), &self.view.gaps, |reader| {
            Ok((reader.long()?, reader.long()?))
        })
    }

    #[pyo3(signature = (bytes_max = usize::MAX))]
    fn decoded<'py>(&self, py: Python<'py>, bytes_max: usize) -> Bound<'py, PyBytes> {
        let record = self.record.bind(py);
        let whole = record.as_bytes();
        match py.detach(|| self.decode(whole, bytes_max)).1 {
            Some(decoded) => PyBytes::new(py, &decoded),
            None => {
                let kept = slice(whole, &self.view.kept);
                PyBytes::new(py, &kept[..kept.len().min(bytes_max)])
            }
        }
    }

    #[getter]
    fn decoding(&self, py: Python<'_>) -> &'static str {
        let record = self.record.bind(py).as_bytes();
        py.detach(|| self.decode(record, usize::MAX)).0.name()
    }

    fn sha256(&self, py: Python<'_>) -> Option<String> {
        if self.view.wire_bytes == 0 || self.view.truncated || self.view.missing_bytes > 0 {
            return None;
        }
        let record = self.record.bind(py).as_bytes();
        py.detach(|| {
            let (outcome, decoded) = self.decode(record, usize::MAX);
            if outcome == Outcome::Partial {
                return None;
            }
            let digest = Sha256::digest(
                decoded
                    .as_deref()
                    .unwrap_or_else(|| slice(record, &self.view.kept)),
            );
            Some(
                digest
                    .iter()
                    .flat_map(|byte| hex(*byte))
                    .map(char::from)
                    .collect(),
            )
        })
    }
}
