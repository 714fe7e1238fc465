//! A drawing of the ratios to native: bars on a logarithmic axis, the targets marked.

use std::fmt::Write;

use crate::cases;
use crate::table::{self, Cost, Costs, INTEL, OURS, POCL};

/// Contenders with their colours, in the order of their bars.
const BARS: &[(&str, &str)] = &[(OURS, "#0f766e"), (INTEL, "#94a3b8"), (POCL, "#cbd5e1")];
const TARGET: &str = "#dc2626";
const BAR: f64 = 11.0;
const GROUP: f64 = 3.0 * BAR + 13.0;
/// Where the bars are: left, top, width.
const LEFT: f64 = 165.0;
const TOP: f64 = 104.0;
const WIDTH: f64 = 700.0;

/// The logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn x(&self, ratio: f64) -> f64 {
        let share = (ratio.clamp(self.low, self.high) / self.low).ln() / (self.high / self.low).ln();
        LEFT + WIDTH * share
    }

    /// Round numbers along it.
    fn marks(&self) -> impl Iterator<Item = f64> {
        let decades = [0.1, 1.0, 10.0, 100.0, 1_000.0, 10_000.0];
        let all = decades.into_iter().flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * decade));
        all.filter(|mark| (self.low..=self.high * 1.001).contains(mark))
    }
}

/// The drawing of all rows that have a ratio.
pub fn draw(costs: &[Cost]) -> String {
    let by = Costs::new(costs);
    let has = |row: &str| BARS.iter().any(|(contender, _)| by.ratio(row, contender).is_some());
    let rows: Vec<&str> =
        cases::NAMES.iter().copied().filter(|row| table::target(row).is_some() && has(row)).collect();
    let ratios =
        rows.iter().flat_map(|row| BARS.iter().filter_map(|(contender, _)| by.ratio(row, contender)));
    let (least, most) = ratios.fold((1.0f64, 2.0f64), |(low, high), ratio| (low.min(ratio), high.max(ratio)));
    let axis = Axis { low: if least < 0.6 { 0.2 } else { 0.5 }, high: most * 1.15 };
    let bottom = TOP + GROUP * rows.len() as f64;
    let (wide, high) = (LEFT + WIDTH + 70.0, bottom + 52.0);
    let mut text = String::new();
    let out = &mut text;
    head(out, wide, high, costs);
    grid(out, &axis, bottom);
    for (i, row) in rows.iter().enumerate() {
        group(out, &axis, &by, row, TOP + GROUP * i as f64);
    }
    let middle = LEFT + WIDTH / 2.0;
    line(
        out,
        format_args!(
            "<text x=\"{middle}\" y=\"{}\" class=\"small\" text-anchor=\"middle\">processor time on one core, \
             as a multiple of native: shorter is better (logarithmic)</text>",
            bottom + 38.0
        ),
    );
    text + "</svg>\n"
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a string takes all text");
}

/// The title and what the colours mean.
fn head(out: &mut String, wide: f64, high: f64, costs: &[Cost]) {
    line(
        out,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" viewBox=\"0 0 {wide} {high}\">\n\
             <style>text {{ font-family: 'DejaVu Sans', Verdana, sans-serif; fill: #1e293b; font-size: 13px }} \
             .small {{ font-size: 11px; fill: #475569 }} .title {{ font-size: 18px; font-weight: bold }} \
             .ours {{ font-size: 10.5px; font-weight: bold }} .peer {{ font-size: 10.5px; fill: #64748b }}</style>\n\
             <rect width=\"{wide}\" height=\"{high}\" fill=\"#ffffff\"/>\n\
             <text x=\"24\" y=\"34\" class=\"title\">CUDA kernels on the processor, against hand-written AVX-512</text>"
        ),
    );
    let mut x = 24.0;
    for (contender, colour) in
        BARS.iter().filter(|(name, _)| costs.iter().any(|cost| cost.contender == *name))
    {
        let label = match *contender {
            OURS => "Stream HAL",
            INTEL => "Intel OpenCL",
            other => other,
        };
        line(
            out,
            format_args!("<rect x=\"{x}\" y=\"53\" width=\"14\" height=\"11\" rx=\"2\" fill=\"{colour}\"/>"),
        );
        line(out, format_args!("<text x=\"{}\" y=\"63\">{label}</text>", x + 20.0));
        x += 46.0 + 7.4 * label.len() as f64;
    }
    let y = 58.5;
    line(out, format_args!("<path d=\"M{x} {}v15\" stroke=\"{TARGET}\" stroke-width=\"2.5\"/>", y - 7.5));
    line(out, format_args!("<text x=\"{}\" y=\"63\">target</text>", x + 9.0));
}

fn grid(out: &mut String, axis: &Axis, bottom: f64) {
    for mark in axis.marks() {
        let x = axis.x(mark);
        let (colour, width) = if mark == 1.0 { ("#475569", 1.5) } else { ("#e2e8f0", 1.0) };
        line(
            out,
            format_args!(
                "<path d=\"M{x:.1} {}V{bottom}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>",
                TOP - 6.0
            ),
        );
        for y in [TOP - 12.0, bottom + 16.0] {
            let label = if mark == 1.0 { "native".into() } else { format!("{mark}\u{d7}") };
            line(
                out,
                format_args!(
                    "<text x=\"{x:.1}\" y=\"{y}\" class=\"small\" text-anchor=\"middle\">{label}</text>"
                ),
            );
        }
    }
}

/// Where a number may start at or behind a place, so that neither the line of native nor a target goes through it.
fn free(axis: &Axis, mut x: f64, target: Option<f64>) -> f64 {
    const NUMBER: f64 = 28.0;
    let mut lines: Vec<f64> = [1.0].into_iter().chain(target).map(|at| axis.x(at)).collect();
    lines.sort_by(f64::total_cmp);
    for line in lines {
        if (x - 4.0..x + NUMBER).contains(&line) {
            x = line + 5.0;
        }
    }
    x
}

fn group(out: &mut String, axis: &Axis, by: &Costs<'_>, row: &str, top: f64) {
    let bars: Vec<(&str, &str, f64)> = BARS
        .iter()
        .filter_map(|&(contender, colour)| Some((contender, colour, by.ratio(row, contender)?)))
        .collect();
    let height = BAR * bars.len() as f64;
    let top = top + (GROUP - height) / 2.0;
    let middle = top + height / 2.0 + 4.5;
    line(out, format_args!("<text x=\"{}\" y=\"{middle:.1}\" text-anchor=\"end\">{row}</text>", LEFT - 12.0));
    for (i, (contender, colour, ratio)) in bars.iter().enumerate() {
        let y = top + BAR * i as f64;
        let width = axis.x(*ratio) - LEFT;
        line(
            out,
            format_args!(
                "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" rx=\"1.5\" fill=\"{colour}\"/>",
                BAR - 1.5
            ),
        );
        let (class, digits) =
            (if *contender == OURS { "ours" } else { "peer" }, if *ratio < 9.95 { 2 } else { 0 });
        let own = (*contender == OURS).then(|| table::target(row)).flatten();
        let (x, y) = (free(axis, LEFT + width + 6.0, own), y + BAR - 2.0);
        line(out, format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{ratio:.digits$}</text>"));
    }
    if let Some(target) = table::target(row) {
        let x = axis.x(target);
        line(
            out,
            format_args!(
                "<path d=\"M{x:.1} {:.1}V{:.1}\" stroke=\"{TARGET}\" stroke-width=\"2.5\"/>",
                top - 2.0,
                top + BAR
            ),
        );
    }
}
