//! A plot of seconds over processes, both in powers, as SVG.

use std::fmt::{self, Write as _};

/// One program's times.
pub struct Line {
    pub name: &'static str,
    /// Processes and seconds, in ascending order.
    pub points: Vec<(usize, f64)>,
}

/// In pixels: the whole, and the rectangle of the axes within it. Below it are the values in rows.
const SIZE: (f64, f64) = (820.0, 480.0);
const LEFT: f64 = 150.0;
const RIGHT: f64 = 685.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 380.0;
const ROW: f64 = 18.0;

/// Colours by class, a line's by its place in the order. The background is drawn too, so that
/// the viewer's own may be any; a viewer who wants it dark gets it dark.
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-size:17px;font-weight:600}.quiet{fill:#59636e}\
.paper{fill:#fff}.grid{stroke:#d1d9e0;stroke-width:1}.axis{stroke:#59636e;stroke-width:1}\
path{fill:none;stroke-width:2.5;stroke-linejoin:round}\
path.l0{stroke:#bc4c00}path.l1{stroke:#0969da}path.l2{stroke:#59636e;stroke-width:1.5;stroke-dasharray:5 4}\
text.l0,circle.l0{fill:#bc4c00}text.l1,circle.l1{fill:#0969da}text.l2,circle.l2{fill:#59636e}\
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.paper{fill:#0d1117}\
.grid{stroke:#2f353d}.axis{stroke:#9198a1}\
path.l0{stroke:#ff9b57}path.l1{stroke:#58a6ff}path.l2{stroke:#9198a1}\
text.l0,circle.l0{fill:#ff9b57}text.l1,circle.l1{fill:#58a6ff}text.l2,circle.l2{fill:#9198a1}}";

/// The SVG, with a title and a line below that says what was measured, and how. At most three lines.
pub fn draw(title: &str, about: &str, lines: &[Line]) -> String {
    let mut svg = String::new();
    // Writing to a string does not fail.
    let _ = Plot::of(lines).write(&mut svg, title, about, lines);
    svg
}

/// Where values are between two pixels.
struct Scale {
    values: (f64, f64),
    pixels: (f64, f64),
}

impl Scale {
    fn at(&self, value: f64) -> f64 {
        let part = (value / self.values.0).ln() / (self.values.1 / self.values.0).ln();
        self.pixels.0 + part * (self.pixels.1 - self.pixels.0)
    }
}

struct Plot {
    x: Scale,
    y: Scale,
    /// The powers of ten of seconds that the axis goes from and to.
    decades: (i32, i32),
    /// The numbers of processes.
    sizes: Vec<usize>,
}

impl Plot {
    fn of(lines: &[Line]) -> Plot {
        let points = || lines.iter().flat_map(|line| &line.points);
        let mut sizes: Vec<_> = points().map(|(size, _)| *size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let fewest = sizes.first().map_or(1.0, |size| *size as f64);
        let most = sizes.last().map_or(1.0, |size| *size as f64);
        let least = points().map(|(_, time)| time.log10().floor() as i32).min().unwrap_or(-3);
        let decades = (least, points().map(|(_, time)| time.log10().ceil() as i32).max().unwrap_or(0).max(least + 1));
        Plot {
            // Some room on both sides, for the values below the first and the last tick.
            x: Scale { values: (fewest / 1.4, most * 1.25), pixels: (LEFT, RIGHT) },
            y: Scale { values: (10f64.powi(decades.0), 10f64.powi(decades.1)), pixels: (BOTTOM, TOP) },
            decades,
            sizes,
        }
    }

    fn write(&self, svg: &mut String, title: &str, about: &str, lines: &[Line]) -> fmt::Result {
        let (width, height) = SIZE;
        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">"#
        )?;
        writeln!(svg, "<title>{}: {}</title>\n<style>{STYLE}</style>", escape(title), escape(about))?;
        writeln!(svg, r#"<rect class="paper" width="{width}" height="{height}" rx="6"/>"#)?;
        text(svg, "title", "start", 24.0, 32.0, title)?;
        text(svg, "quiet", "start", 24.0, 52.0, about)?;
        self.write_axes(svg)?;
        self.write_values(svg, lines)?;
        for (number, line) in lines.iter().enumerate() {
            self.write_line(svg, number, line)?;
        }
        self.write_names(svg, lines)?;
        svg.write_str("</svg>\n")
    }

    fn write_axes(&self, svg: &mut String) -> fmt::Result {
        for decade in self.decades.0..=self.decades.1 {
            let y = self.y.at(10f64.powi(decade));
            writeln!(svg, r#"<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}"/>"#)?;
            text(svg, "quiet", "end", LEFT - 8.0, y + 4.0, &seconds(10f64.powi(decade)))?;
        }
        for size in &self.sizes {
            let x = self.x.at(*size as f64);
            writeln!(svg, r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{BOTTOM}"/>"#)?;
            text(svg, "quiet", "middle", x, BOTTOM + ROW, &thousands(*size))?;
        }
        writeln!(svg, r#"<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{BOTTOM}" y2="{BOTTOM}"/>"#)?;
        writeln!(svg, r#"<line class="axis" x1="{LEFT}" x2="{LEFT}" y1="{TOP}" y2="{BOTTOM}"/>"#)?;
        text(svg, "quiet", "end", LEFT - 8.0, BOTTOM + ROW, "processes")?;
        let middle = (TOP + BOTTOM) / 2.0;
        writeln!(
            svg,
            r#"<text class="quiet" text-anchor="middle" transform="translate(36 {middle}) rotate(-90)">time of one run</text>"#
        )
    }

    /// A row of values for each line, each value below its number of processes.
    fn write_values(&self, svg: &mut String, lines: &[Line]) -> fmt::Result {
        for (number, line) in lines.iter().enumerate() {
            let y = BOTTOM + ROW * (number as f64 + 2.5);
            let class = format!("l{number}");
            text(svg, &class, "end", LEFT - 8.0, y, line.name)?;
            for size in &self.sizes {
                let time = line.points.iter().find(|(of, _)| of == size);
                let value = time.map_or("–".into(), |(_, time)| seconds(*time));
                text(svg, &class, "middle", self.x.at(*size as f64), y, &value)?;
            }
        }
        Ok(())
    }

    fn write_line(&self, svg: &mut String, number: usize, line: &Line) -> fmt::Result {
        let mut path = String::new();
        let mut dots = String::new();
        for (size, time) in &line.points {
            let (x, y) = (self.x.at(*size as f64), self.y.at(*time));
            write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" })?;
            writeln!(dots, r#"<circle class="l{number}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#)?;
        }
        write!(svg, "<path class=\"l{number}\" d=\"{path}\"/>\n{dots}")
    }

    /// The lines' names right of their ends, a row apart at least.
    fn write_names(&self, svg: &mut String, lines: &[Line]) -> fmt::Result {
        let ends = lines.iter().enumerate().filter_map(|(number, line)| {
            let (size, time) = line.points.last()?;
            Some((number, self.x.at(*size as f64), self.y.at(*time)))
        });
        let mut ends: Vec<_> = ends.collect();
        ends.sort_by(|one, other| one.2.total_cmp(&other.2));
        let mut last = f64::MIN;
        for (number, x, y) in ends {
            last = y.max(last + ROW);
            text(svg, &format!("l{number}"), "start", x + 8.0, last + 4.0, lines[number].name)?;
        }
        Ok(())
    }
}

fn text(svg: &mut String, class: &str, anchor: &str, x: f64, y: f64, text: &str) -> fmt::Result {
    let text = escape(text);
    writeln!(svg, r#"<text class="{class}" text-anchor="{anchor}" x="{x:.1}" y="{y:.1}">{text}</text>"#)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// With the unit, and two or three digits that count.
fn seconds(time: f64) -> String {
    let (value, unit) = if time < 0.9995 { (time * 1e3, "ms") } else { (time, "s") };
    // A power of ten is exact, and the axis has nothing else.
    let exact = (value.log10() - value.log10().round()).abs() < 1e-9;
    match value {
        value if exact && value > 0.5 => format!("{value:.0} {unit}"),
        value if value < 9.95 => format!("{value:.1} {unit}"),
        value => format!("{value:.0} {unit}"),
    }
}

fn thousands(number: usize) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1_000), number % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::{BOTTOM, LEFT, Line, Plot, RIGHT, Scale, TOP, draw, seconds, thousands};

    fn lines() -> [Line; 2] {
        [
            Line { name: "slow & old", points: vec![(100, 0.02), (1_000, 2.0)] },
            Line { name: "new", points: vec![(100, 0.004), (1_000, 0.04), (10_000, 0.4)] },
        ]
    }

    #[test]
    fn equal_factors_are_equal_distances() {
        let scale = Scale { values: (0.1, 1_000.0), pixels: (400.0, 0.0) };
        let pixels = [0.1, 1.0, 10.0, 1_000.0].map(|value| scale.at(value).round());
        assert_eq!(pixels, [400.0, 300.0, 200.0, 0.0]);
    }

    #[test]
    fn every_point_is_between_the_axes() {
        let plot = Plot::of(&lines());
        assert_eq!((plot.decades, &plot.sizes[..]), ((-3, 1), &[100, 1_000, 10_000][..]));
        for (size, time) in lines().iter().flat_map(|line| &line.points) {
            assert!((LEFT..RIGHT).contains(&plot.x.at(*size as f64)));
            assert!((TOP..BOTTOM).contains(&plot.y.at(*time)));
        }
    }

    #[test]
    fn values_are_written_as_people_do() {
        let times = [0.000_01, 0.001, 0.003_44, 0.01, 0.0996, 0.9999, 1.0, 5.95, 9.96, 121.03].map(seconds);
        assert_eq!(times, ["0.0 ms", "1 ms", "3.4 ms", "10 ms", "100 ms", "1.0 s", "1 s", "6.0 s", "10 s", "121 s"]);
        assert_eq!([100, 1_000, 30_000, 1_234_056].map(thousands), ["100", "1,000", "30,000", "1,234,056"]);
    }

    #[test]
    fn the_plot_names_lines_and_values() {
        let svg = draw("A < B", "both", &lines());
        assert!(svg.contains("A &lt; B") && svg.contains("slow &amp; old"));
        assert!(svg.contains(">40 ms<") && svg.contains(">–<"));
        assert_eq!((svg.matches("<path").count(), svg.matches("<circle").count()), (2, 5));
        let path = svg.split(r#"<path class="l1" d=""#).nth(1).and_then(|path| path.split('"').next()).unwrap();
        assert!(path.starts_with('M') && path.matches('L').count() == 2, "{path}");
    }

    #[test]
    fn names_do_not_cover_each_other() {
        let lines = [Line { name: "a", points: vec![(1, 1.0)] }, Line { name: "b", points: vec![(1, 1.001)] }];
        let svg = draw("", "", &lines);
        let heights: Vec<f64> = svg
            .lines()
            .filter(|line| {
                line.contains(r#"text-anchor="start""#) && (line.ends_with(">a</text>") || line.ends_with(">b</text>"))
            })
            .filter_map(|line| line.split(r#" y=""#).nth(1)?.split('"').next()?.parse().ok())
            .collect();
        assert_eq!(heights.len(), 2);
        assert!(heights[1] - heights[0] >= super::ROW, "{heights:?}");
    }
}
