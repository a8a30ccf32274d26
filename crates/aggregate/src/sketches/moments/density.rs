//! The distribution of greatest entropy among those of given moments: the exponential of a polynomial, whose
//! coefficients Newton's method finds on a grid.

/// Points of the grid.
const NUM_POINTS: usize = 1024;
const MAX_STEPS: usize = 15;
/// A gradient shorter than this is none.
const TOLERANCE: f64 = 1e-6;
/// A step must win this part of what its direction promises, or becomes shorter by the other factor.
const SUFFICIENT: f64 = 0.3;
const SHORTER: f64 = 0.25;
const SHORTEST: f64 = 1e-3;

/// Weights of points between the least and the greatest value.
pub(super) struct Density {
    min: f64,
    max: f64,
    /// Summed up to each point.
    cumulated: Vec<f64>,
}

impl Density {
    /// Of values between `min` and `max`, by the sums of their powers.
    pub fn of(min: f64, max: f64, sums: &[f64]) -> Density {
        let mut search = Search::new(chebyshev_means(min, max, sums));
        search.run();
        let mut total = 0.0;
        let sum = |weight: &f64| {
            total += weight;
            total
        };
        Density { min, max, cumulated: search.weights.iter().map(sum).collect() }
    }

    pub fn quantile(&self, fraction: f64) -> f64 {
        let wanted = fraction * self.cumulated.last().copied().unwrap_or(0.0);
        match fraction {
            ..=0.0 => self.min,
            1.0.. => self.max,
            _ => {
                let point = self.cumulated.partition_point(|sum| *sum < wanted).min(NUM_POINTS - 1);
                (self.min + self.max) / 2.0 + place(point) * (self.max - self.min) / 2.0
            }
        }
    }
}

/// A point of the grid, from -1 to 1.
fn place(point: usize) -> f64 {
    point as f64 * 2.0 / (NUM_POINTS - 1) as f64 - 1.0
}

/// The means of the Chebyshev polynomials of the values, moved into -1 to 1. No mean lies beyond that; what rounding
/// made of higher ones is left out.
fn chebyshev_means(min: f64, max: f64, sums: &[f64]) -> Vec<f64> {
    let powers = centred_means((min + max) / 2.0, (max - min) / 2.0, sums);
    let (mut before, mut polynomial) = (vec![0.0, 1.0], vec![1.0]);
    let mut means = Vec::with_capacity(sums.len());
    for _ in 0..sums.len() {
        let mean: f64 = polynomial.iter().zip(&powers).map(|(factor, power)| factor * power).sum();
        if mean.is_nan() || mean.abs() > 1.0 + 1e-9 {
            break;
        }
        means.push(mean);
        let mut next = vec![0.0; polynomial.len() + 1];
        polynomial.iter().zip(&mut next[1..]).for_each(|(factor, next)| *next = 2.0 * factor);
        before.iter().zip(&mut next).for_each(|(factor, next)| *next -= factor);
        (before, polynomial) = (polynomial, next);
    }
    means
}

/// The means of the powers of `(value - centre) / scale`.
fn centred_means(centre: f64, scale: f64, sums: &[f64]) -> Vec<f64> {
    let mut binomials = vec![1.0];
    let mut means = Vec::with_capacity(sums.len());
    for power in 0..sums.len() {
        let terms = binomials.iter().zip(sums).enumerate();
        let sum: f64 = terms.map(|(at, (binomial, sum))| binomial * (-centre).powi((power - at) as i32) * sum).sum();
        means.push(sum / scale.powi(power as i32) / sums[0]);
        let pairs = binomials.windows(2).map(|pair| pair[0] + pair[1]);
        binomials = std::iter::once(1.0).chain(pairs).chain([1.0]).collect();
    }
    means
}

/// A descent towards the coefficients.
struct Search {
    wanted: Vec<f64>,
    /// The polynomials, as many again as are wanted, at each point.
    polynomials: Vec<Vec<f64>>,
    coefficients: Vec<f64>,
    weights: Vec<f64>,
    /// What the polynomials sum to under the weights.
    means: Vec<f64>,
}

impl Search {
    fn new(wanted: Vec<f64>) -> Search {
        let places: Vec<f64> = (0..NUM_POINTS).map(place).collect();
        let mut polynomials = vec![vec![1.0; NUM_POINTS], places.clone()];
        while polynomials.len() < 2 * wanted.len() {
            let (last, before) = (&polynomials[polynomials.len() - 1], &polynomials[polynomials.len() - 2]);
            let rows = places.iter().zip(last).zip(before);
            polynomials.push(rows.map(|((place, last), before)| 2.0 * place * last - before).collect());
        }
        let mut coefficients = vec![0.0; wanted.len()];
        coefficients[0] = -(NUM_POINTS as f64).ln();
        let mut search = Search { wanted, polynomials, coefficients, weights: Vec::new(), means: Vec::new() };
        search.weigh();
        search
    }

    fn weigh(&mut self) {
        let mut logarithms = vec![0.0; NUM_POINTS];
        for (coefficient, polynomial) in self.coefficients.iter().zip(&self.polynomials) {
            logarithms.iter_mut().zip(polynomial).for_each(|(sum, value)| *sum += coefficient * value);
        }
        self.weights = logarithms.into_iter().map(f64::exp).collect();
        let mean =
            |polynomial: &Vec<f64>| polynomial.iter().zip(&self.weights).map(|(value, weight)| value * weight).sum();
        self.means = self.polynomials.iter().map(mean).collect();
    }

    /// What is to become least.
    fn loss(&self) -> f64 {
        let terms = self.coefficients.iter().zip(&self.wanted);
        self.means[0] - terms.map(|(coefficient, wanted)| coefficient * wanted).sum::<f64>()
    }

    fn run(&mut self) {
        for _ in 0..MAX_STEPS {
            let gradient: Vec<f64> = self.means.iter().zip(&self.wanted).map(|(mean, wanted)| mean - wanted).collect();
            let square: f64 = gradient.iter().map(|part| part * part).sum();
            if square / (gradient.len() as f64) < TOLERANCE * TOLERANCE {
                return;
            }
            match self.direction(&gradient) {
                Some(direction) if self.step(&gradient, &direction) => {}
                _ => return,
            }
        }
    }

    /// False if no step leads on.
    fn step(&mut self, gradient: &[f64], direction: &[f64]) -> bool {
        let (start, loss) = (self.coefficients.clone(), self.loss());
        let slope: f64 = gradient.iter().zip(direction).map(|(part, along)| part * along).sum();
        let mut length = 1.0;
        loop {
            let moved = start.iter().zip(direction).map(|(from, along)| from + length * along);
            self.coefficients = moved.collect();
            self.weigh();
            let gain = loss + SUFFICIENT * length * slope - self.loss();
            if slope.abs() <= TOLERANCE || gain >= -TOLERANCE {
                return true;
            }
            if length < SHORTEST {
                self.coefficients = start;
                self.weigh();
                return false;
            }
            length *= SHORTER;
        }
    }

    /// Where Newton's method goes from here: `H d = -g`, by Cholesky's decomposition. Where rounding left no positive
    /// definite matrix, its diagonal grows until it is one.
    fn direction(&self, gradient: &[f64]) -> Option<Vec<f64>> {
        let size = gradient.len();
        let curvature = |row: usize, column: usize| (self.means[row + column] + self.means[row.abs_diff(column)]) / 2.0;
        [0.0, 1e-12, 1e-9, 1e-6, 1e-3].into_iter().find_map(|ridge| {
            let mut lower = vec![vec![0.0; size]; size];
            for row in 0..size {
                for column in 0..=row {
                    let known: f64 = (0..column).map(|at| lower[row][at] * lower[column][at]).sum();
                    let rest = curvature(row, column) - known;
                    lower[row][column] = match row == column {
                        true if rest + ridge > 0.0 => (rest + ridge).sqrt(),
                        true => return None,
                        false => rest / lower[column][column],
                    };
                }
            }
            Some(solve(&lower, gradient))
        })
    }
}

/// The solution of `L Lᵀ d = -g`.
fn solve(lower: &[Vec<f64>], gradient: &[f64]) -> Vec<f64> {
    let size = gradient.len();
    let mut solution = vec![0.0; size];
    for row in 0..size {
        let known: f64 = (0..row).map(|at| lower[row][at] * solution[at]).sum();
        solution[row] = (-gradient[row] - known) / lower[row][row];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|at| lower[at][row] * solution[at]).sum();
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    solution
}
