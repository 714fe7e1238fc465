//! The peer: oneTBB, compiled and run where it is installed, on the same shapes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shapes;

/// The compiled peer, or why there is none.
pub struct Peer(Result<PathBuf, String>);

impl Peer {
    /// Compiles it into `folder`.
    pub fn new(folder: &Path) -> Peer {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/graph/tbb.cpp");
        let program = folder.join("tbb_peer");
        let compiler = std::env::var_os("CXX").unwrap_or("c++".into());
        let mut compile = Command::new(compiler);
        compile.args(["-O2", "-std=c++17"]).arg(source).arg("-o").arg(&program).arg("-ltbb");
        Peer(match compile.output() {
            Ok(output) if output.status.success() => Ok(program),
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stderr);
                Err(text.lines().next().unwrap_or("the compiler failed").to_string())
            }
            Err(error) => Err(error.to_string()),
        })
    }

    /// No peer, for this reason.
    pub fn none(why: &str) -> Peer {
        Peer(Err(why.to_string()))
    }

    /// Why it is not there.
    pub fn missing(&self) -> Option<&str> {
        self.0.as_ref().err().map(String::as_str)
    }

    /// Nanoseconds a node to build and to run the shape again; none without the peer.
    pub fn measure(
        &self,
        name: &str,
        nodes: usize,
        runs: usize,
        folder: &Path,
    ) -> Option<BTreeMap<String, f64>> {
        let program = self.0.as_ref().ok()?;
        let file = folder.join(format!("{name}.{nodes}.edges"));
        fs::write(&file, encode(&shapes::shape(name, nodes))).expect("the folder can be written");
        let output =
            Command::new(program).arg(&file).arg(runs.to_string()).output().expect("it was compiled");
        assert!(output.status.success(), "the peer failed on {name} with {nodes} nodes");
        Some(crate::values(&String::from_utf8_lossy(&output.stdout)).0)
    }
}

fn encode(shape: &shapes::Shape) -> Vec<u8> {
    let edges: Vec<(u32, u32)> = shape.edges().collect();
    let head = [shape.len() as u32, edges.len() as u32];
    let words = head.into_iter().chain(edges.into_iter().flat_map(|(from, to)| [from, to]));
    words.flat_map(u32::to_le_bytes).collect()
}
