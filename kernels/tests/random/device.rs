//! Runs a case on the small device of the tests.

use std::panic::{AssertUnwindSafe, catch_unwind};

use stream_hal_kernels::Launch;

use crate::bench::Bench;
use crate::random::Outcome;
use crate::random::trial::Case;

/// How often a kernel may be asked whether it should stop: one that is made wrong may never end.
const PATIENCE: u32 = 500;

/// What the buffers of a case hold when it has run.
pub fn run(case: &Case) -> Result<Outcome, String> {
    let run = || {
        let mut bench = Bench::new(&case.text);
        bench.paper.patience = PATIENCE;
        let out = bench.put(&vec![0; case.out_bytes]);
        let input = bench.put(&case.input);
        let cells = bench.put(&vec![0; case.cell_bytes]);
        let mut parameters: Vec<u8> =
            [out, input, cells].iter().flat_map(|word| word.to_le_bytes()).collect();
        parameters.extend(case.scalar.to_le_bytes());
        let launch = Launch {
            grid: [case.grid, 1, 1],
            block: case.block,
            shared_bytes: case.shared_bytes,
            stack_bytes: case.stack_bytes,
            parameters: &parameters,
            ..Launch::default()
        };
        bench.launch("k", &launch).map_err(|fault| fault.to_string())?;
        Ok(Outcome { out: bench.bytes(out, case.out_bytes), cells: bench.bytes(cells, case.cell_bytes) })
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        Err(panic
            .downcast_ref::<String>()
            .map_or_else(|| "a panic".to_owned(), |text| text.lines().next().unwrap_or_default().to_owned()))
    })
}
