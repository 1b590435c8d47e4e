//! Owns the scale of an axis: which values it spans, where a value is on it, its ticks and their labels.

/// Steps between ticks that people can read, within a decade.
const STEPS: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// What an axis spans; `low` is less than `high`, both are finite, and above 0 where the scale is logarithmic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    /// Of all these values, those that are numbers; logarithmic if asked for and at least one value is above 0, and then
    /// of these alone. `None` without any.
    pub fn of(values: impl Iterator<Item = f64> + Clone, log: bool) -> Option<Self> {
        // Numbers too small to be divided are nothing on any screen.
        let numbers = values
            .filter(|value| value.is_finite())
            .map(|value| if value.is_subnormal() { 0.0 } else { value });
        let log = log && numbers.clone().any(|value| value > 0.0);
        let shown = numbers.filter(|value| !log || *value > 0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in shown {
            (low, high) = (low.min(value), high.max(value));
        }
        (low <= high).then(|| Self::between(low, high, log))
    }

    /// From one value to another; one value alone gets room on both sides.
    pub fn between(low: f64, high: f64, log: bool) -> Self {
        if low < high {
            return Self { low, high, log };
        }
        if log {
            let (below, above) = (low / 2.0, low * 2.0);
            let low = if below > 0.0 { below } else { low };
            let high = if above.is_finite() { above } else { f64::MAX };
            return if low < high {
                Self { low, high, log }
            } else {
                Self::between(0.0, 1.0, false)
            };
        }
        let room = (low.abs() * 0.05).max(1e-3);
        Self {
            low: (low - room).max(f64::MIN),
            high: (low + room).min(f64::MAX),
            log,
        }
    }

    /// Whether it is logarithmic.
    pub fn is_log(&self) -> bool {
        self.log
    }

    /// Where a value is: 0 at the low end, 1 at the high one, beyond both outside. `None` for what is on no scale.
    pub fn place(&self, value: f64) -> Option<f64> {
        if !value.is_finite() || (self.log && value <= 0.0) {
            return None;
        }
        let place = if self.log {
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            // Halves, because the span of two finite numbers need not be one.
            (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
        };
        place.is_finite().then_some(place)
    }

    /// Ticks inside it with their labels, at least one; at most `most` stretches lie between them.
    pub fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let most = most.clamp(1, 50);
        if self.log
            && let Some(ticks) = self.log_ticks(most)
        {
            return ticks;
        }
        let mut ticks = self.linear_ticks(most);
        ticks.retain(|(tick, _)| self.place(*tick).is_some());
        if ticks.is_empty() {
            ticks.push((self.low, label(self.low, self.low)));
        }
        ticks
    }

    fn linear_ticks(&self, most: usize) -> Vec<(f64, String)> {
        let ends = || vec![(self.low, label(self.low, self.high / 2.0 - self.low / 2.0))];
        let raw = (self.high / 2.0 - self.low / 2.0) / most as f64 * 2.0;
        let decade = 10_f64.powf(raw.log10().floor());
        if !(decade > 0.0 && decade.is_finite()) {
            return ends();
        }
        for step in STEPS
            .into_iter()
            .map(|step| step * decade)
            .filter(|step| *step >= raw * 0.999)
        {
            let (first, last) = ((self.low / step - 1e-9).ceil(), (self.high / step + 1e-9).floor());
            // Beyond 2^53 neighbouring multiples are the same number.
            if !(first.abs() < 9e15 && last.abs() < 9e15) {
                return ends();
            }
            if last - first <= most as f64 {
                let ticks = (0..=(last - first).max(-1.0) as i64).map(|at| (first + at as f64) * step);
                let ticks: Vec<(f64, String)> = ticks.map(|tick| (tick, label(tick, step))).collect();
                return if ticks.is_empty() { ends() } else { ticks };
            }
        }
        ends()
    }

    /// Powers of ten; with 2 and 5 times them where there are few. `None` where the scale spans too little for that.
    fn log_ticks(&self, most: usize) -> Option<Vec<(f64, String)>> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let inside = |value: &f64| value.is_finite() && (self.low * 0.999..=self.high * 1.001).contains(value);
        let times = |factors: &[f64]| -> Vec<f64> {
            let powers = (first..=last).map(|power| 10_f64.powi(power));
            powers
                .flat_map(|power| factors.iter().map(move |factor| factor * power))
                .filter(inside)
                .collect()
        };
        let all = times(&[1.0, 2.0, 5.0]);
        let tens = times(&[1.0]);
        let chosen = if all.len() <= most + 1 { all } else { tens };
        if chosen.len() < 2 {
            return None;
        }
        let every = (chosen.len() - 1).div_ceil(most).max(1);
        Some(
            chosen
                .into_iter()
                .step_by(every)
                .map(|value| (value, label(value, value)))
                .collect(),
        )
    }
}

/// A value with as many decimals as steps of this size need: `0.25`, `20k`, `1.5e-6`.
fn label(value: f64, step: f64) -> String {
    let step = step.abs();
    let size = value.abs().max(step);
    if size < 1e-300 {
        return "0".to_owned();
    }
    if !(1e-4..1e6).contains(&size) && value != 0.0 {
        let digits = (value.abs().log10().floor() - step.log10().floor()).clamp(0.0, 3.0) as usize;
        return format!("{value:.digits$e}");
    }
    if size >= 10_000.0 && step >= 100.0 {
        let thousands = value / 1000.0;
        let decimals = usize::from(step < 1000.0);
        return format!("{thousands:.decimals$}k");
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        return "0".to_owned();
    }
    text
}
