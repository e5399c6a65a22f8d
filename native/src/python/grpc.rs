//! gRPC messages and protobuf fields, from bytes that Python has at hand.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::grpc::{self, Value};

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<GrpcMessage>()?;
    module.add_function(wrap_pyfunction!(grpc_messages, module)?)?;
    module.add_function(wrap_pyfunction!(protobuf_fields, module)?)
}

#[pyclass(module = "sidetap_native", frozen)]
struct GrpcMessage {
    message: grpc::Message,
}

#[pymethods]
impl GrpcMessage {
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.message.bytes)
    }

    #[getter]
    fn is_trailers(&self) -> bool {
        self.message.is_trailers
    }

    #[getter]
    fn compressed(&self) -> bool {
        self.message.compressed
    }

    #[getter]
    fn complete(&self) -> bool {
        self.message.complete
    }
}

#[pyfunction]
#[pyo3(signature = (body, content_type, encoding=None))]
fn grpc_messages(
    py: Python<'_>,
    body: &[u8],
    content_type: &[u8],
    encoding: Option<&[u8]>,
) -> PyResult<Vec<GrpcMessage>> {
    super::guarded(py, "grpc_messages", || {
        let encoding = encoding.and_then(|name| std::str::from_utf8(name).ok());
        let found = grpc::messages(body, content_type, encoding);
        found
            .into_iter()
            .map(|message| GrpcMessage { message })
            .collect()
    })
}

#[derive(IntoPyObject)]
enum Leaf<'py> {
    Number(u64),
    Bytes(Bound<'py, PyBytes>),
}

#[pyfunction]
fn protobuf_fields<'py>(py: Python<'py>, message: &[u8]) -> Option<Vec<(Vec<u32>, Leaf<'py>)>> {
    let found = grpc::fields(message)?;
    let leaf = |value| match value {
        Value::Number(number) => Leaf::Number(number),
        Value::Bytes(bytes) => Leaf::Bytes(PyBytes::new(py, bytes)),
    };
    let pairs = found.into_iter();
    Some(pairs.map(|field| (field.path, leaf(field.value))).collect())
}
