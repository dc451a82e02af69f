//! Plots as SVG.

use std::ops::Range;

use anyhow::anyhow;
use plotters::prelude::*;

const SIZE: (u32, u32) = (860, 300);
const COLOURS: [RGBColor; 4] =
    [RGBColor(31, 119, 180), RGBColor(44, 160, 44), RGBColor(214, 39, 40), RGBColor(148, 103, 189)];

/// A named line.
#[derive(Clone, Debug)]
pub struct Line {
    /// For the legend.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A plot of several lines.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is on the horizontal axis.
    pub x: &'static str,
    /// What is on the vertical axis.
    pub y: &'static str,
    /// Labels of the horizontal axis, where it is no plain number.
    pub label_x: fn(f64) -> String,
    /// The lines.
    pub lines: Vec<Line>,
}

impl Chart {
    /// An `<svg>` element.
    pub fn svg(&self) -> anyhow::Result<String> {
        let mut svg = String::new();
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        self.draw(&root).map_err(|error| anyhow!("a plot can't be drawn: {error}"))?;
        drop(root);
        Ok(svg)
    }

    fn draw<'a>(
        &self,
        root: &DrawingArea<SVGBackend<'a>, plotters::coord::Shift>,
    ) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>> {
        root.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(root)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(self.range(|point| point.0), self.range(|point| point.1))?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc(self.x)
            .y_desc(self.y)
            .x_label_formatter(&|x| (self.label_x)(*x))
            .y_label_formatter(&|y| number(*y))
            .draw()?;
        for (line, colour) in self.lines.iter().zip(COLOURS.iter().cycle()) {
            chart
                .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?
                .label(&line.name)
                .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
        }
        chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(TRANSPARENT).draw()?;
        root.present()
    }

    /// From 0 to a little above the greatest.
    fn range(&self, axis: impl Fn(&(f64, f64)) -> f64) -> Range<f64> {
        let greatest = self.lines.iter().flat_map(|line| &line.points).map(axis).fold(0.0, f64::max);
        0.0..if greatest > 0.0 { greatest * 1.05 } else { 1.0 }
    }
}

/// With thousands as such.
pub fn number(value: f64) -> String {
    if value >= 10_000.0 {
        format!("{:.0}k", value / 1_000.0)
    } else if value.fract().abs() < 1e-9 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_names_its_axes_and_lines() {
        let lines = vec![
            Line { name: "inserts".into(), points: vec![(0.0, 1.0), (1.0, 25_000.0)] },
            Line { name: "nothing".into(), points: Vec::new() },
        ];
        let svg = Chart { x: "seconds", y: "accepted/s", label_x: number, lines }.svg().unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for text in ["seconds", "accepted/s", "inserts", "nothing", "20k"] {
            assert!(svg.contains(text), "{text}");
        }
    }

    #[test]
    fn a_plot_of_nothing_is_a_plot() {
        assert!(Chart { x: "x", y: "y", label_x: number, lines: Vec::new() }.svg().is_ok());
    }
}
