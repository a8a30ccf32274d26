//! `spatial`: texts of coordinates, such as `52.5,13.4`, that lie within a bound.

use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "spatial", parse };

const EARTH_RADIUS_METERS: f64 = 6_371_000.0;
const METERS: [(&str, f64); 3] = [("meters", 1.0), ("kilometers", 1_000.0), ("miles", 1_609.344)];
/// Most coordinates of a bound.
const MAX_COORDINATES: usize = 10_000;

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let bound = Bound::parse(Object::new("'bound' of filter 'spatial'", object.require("bound")?)?)?;
    Leaf::parse(object, parsing, Within(bound))
}

/// Edges belong to every bound.
#[derive(Debug)]
enum Bound {
    /// Least and greatest of the first coordinates.
    Rectangle(Vec<(f32, f32)>),
    Circle {
        center: Vec<f32>,
        radius: f32,
    },
    /// Latitude and longitude in degrees; the radius in meters.
    Cap {
        center: [f32; 2],
        radius: f64,
    },
    Polygon(Vec<[f32; 2]>),
}

impl Bound {
    fn parse(object: Object<'_>) -> Result<Bound> {
        let together = |one: &str, other: &str, least: usize| -> Result<Vec<[f32; 2]>> {
            let (a, b) = (numbers(object, one)?, numbers(object, other)?);
            match a.len() == b.len() && a.len() >= least {
                true => Ok(a.into_iter().zip(b).map(|(a, b)| [a, b]).collect()),
                false => Err(object.error(format!("'{one}' and '{other}' must have as many numbers, {least} or more"))),
            }
        };
        match object.text("type")?.as_str() {
            "rectangular" => {
                Ok(Bound::Rectangle(together("minCoords", "maxCoords", 1)?.into_iter().map(|[a, b]| (a, b)).collect()))
            }
            "polygon" => Ok(Bound::Polygon(together("abscissa", "ordinate", 3)?)),
            "radius" => circle(object),
            _ => Err(object.wrong("type", "rectangular, radius or polygon")),
        }
    }

    fn holds(&self, point: &[f32]) -> bool {
        match self {
            Bound::Rectangle(sides) => {
                point.len() >= sides.len() && sides.iter().zip(point).all(|((low, high), at)| low <= at && at <= high)
            }
            Bound::Circle { center, radius } => {
                let squares = center.iter().zip(point).map(|(center, at)| (center - at) * (center - at));
                point.len() >= center.len() && squares.sum::<f32>() <= radius * radius
            }
            Bound::Cap { center, radius } => match point {
                [latitude, longitude, ..] => distance_meters(*center, [*latitude, *longitude]) <= *radius,
                _ => false,
            },
            Bound::Polygon(corners) => match point {
                [x, y, ..] => is_inside(corners, [*x, *y]),
                _ => false,
            },
        }
    }
}

fn circle(object: Object<'_>) -> Result<Bound> {
    let center = numbers(object, "coords")?;
    let radius = object.opt_double("radius")?.ok_or_else(|| object.wrong("radius", "a number"))?;
    let unit = object.opt_text("radiusUnit")?.unwrap_or_else(|| "euclidean".to_owned());
    if unit == "euclidean" {
        return Ok(Bound::Circle { center, radius: radius as f32 });
    }
    let Some((_, meters)) = METERS.iter().find(|(name, _)| *name == unit) else {
        return Err(object.wrong("radiusUnit", "euclidean, meters, kilometers or miles"));
    };
    match center[..] {
        [latitude, longitude] => Ok(Bound::Cap { center: [latitude, longitude], radius: radius * meters }),
        _ => Err(object.wrong("coords", "latitude and longitude")),
    }
}

fn numbers(object: Object<'_>, name: &str) -> Result<Vec<f32>> {
    let list = object.array(name)?;
    let read: Option<Vec<f32>> = list.iter().map(|value| value.as_f64().map(|value| value as f32)).collect();
    read.filter(|list| (1..=MAX_COORDINATES).contains(&list.len())).ok_or_else(|| object.wrong(name, "numbers"))
}

/// Along a great circle.
fn distance_meters(one: [f32; 2], other: [f32; 2]) -> f64 {
    let [a, b] = [one, other].map(|point| point.map(|degrees| f64::from(degrees).to_radians()));
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let chord = half(b[0] - a[0]) + a[0].cos() * b[0].cos() * half(b[1] - a[1]);
    2.0 * EARTH_RADIUS_METERS * chord.sqrt().min(1.0).asin()
}

fn is_inside(corners: &[[f32; 2]], [x, y]: [f32; 2]) -> bool {
    let mut inside = false;
    let mut previous = corners[corners.len() - 1];
    for &corner in corners {
        let ([ax, ay], [bx, by]) = (previous, corner);
        let is_between = x >= ax.min(bx) && x <= ax.max(bx) && y >= ay.min(by) && y <= ay.max(by);
        if is_between && (bx - ax) * (y - ay) == (by - ay) * (x - ax) {
            return true;
        }
        if (ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax {
            inside = !inside;
        }
        previous = corner;
    }
    inside
}

/// Null is unknown, what is no coordinates lies nowhere.
#[derive(Debug)]
struct Within(Bound);

impl Predicate for Within {
    fn text(&self, value: Option<&str>) -> Truth {
        let Some(value) = value else { return Truth::Unknown };
        let point: Option<Vec<f32>> = value.split(',').map(|part| part.trim().parse().ok()).collect();
        Truth::from(point.is_some_and(|point| self.0.holds(&point)))
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const POINTS: [&str; 14] =
        ["1.0,2.0", "3,4", "0,0", "4,4", "2,0", "4,2", "0,2", "2,4", "5,5", "2,2", "-1,2", "4,0", "0,4", "x,y"];

    fn found(bound: Value) -> Vec<&'static str> {
        let within = Within(Bound::parse(Object::new("bound", &bound).unwrap()).unwrap());
        assert_eq!(within.text(None), Truth::Unknown);
        POINTS.into_iter().filter(|point| within.text(Some(point)) == Truth::from(true)).collect()
    }

    /// As a Druid answered.
    #[test]
    fn bounds_hold_their_edges() {
        let square = ["1.0,2.0", "3,4", "0,0", "4,4", "2,0", "4,2", "0,2", "2,4", "2,2", "4,0", "0,4"];
        assert_eq!(found(json!({"type": "polygon", "abscissa": [0, 4, 4, 0], "ordinate": [0, 0, 4, 4]})), square);
        let half = ["0,0", "4,4", "2,0", "4,2", "2,2", "4,0"];
        assert_eq!(found(json!({"type": "polygon", "abscissa": [0, 4, 4], "ordinate": [0, 0, 4]})), half);
        assert_eq!(found(json!({"type": "rectangular", "minCoords": [0, 1], "maxCoords": [1, 2]})), ["1.0,2.0", "0,2"]);
        assert_eq!(found(json!({"type": "rectangular", "minCoords": [5], "maxCoords": [9]})), ["5,5"]);
        let near = ["1.0,2.0", "0,0", "2,0", "0,2", "2,2", "-1,2"];
        assert_eq!(found(json!({"type": "radius", "coords": [0, 0], "radius": 3.99})), near);
        let around = |radius: f64, unit: &str| {
            found(json!({"type": "radius", "coords": [0, 0], "radius": radius, "radiusUnit": unit}))
        };
        assert_eq!(around(222.37, "kilometers"), ["0,0"]);
        assert_eq!(around(222.4, "kilometers"), ["0,0", "2,0", "0,2"]);
        assert_eq!(around(222_400.0, "meters"), around(138.2, "miles"));
    }

    #[test]
    fn bad_bounds_are_named() {
        for (bound, named) in [
            (json!({"type": "sphere"}), "type"),
            (json!({"type": "polygon", "abscissa": [0, 4, 4], "ordinate": [0, 4]}), "ordinate"),
            (json!({"type": "polygon", "abscissa": [0, 4], "ordinate": [0, 4]}), "3 or more"),
            (json!({"type": "rectangular", "minCoords": ["a"], "maxCoords": [0]}), "minCoords"),
            (json!({"type": "radius", "coords": [0, 0]}), "radius"),
            (json!({"type": "radius", "coords": [0, 0], "radius": 1, "radiusUnit": "yards"}), "radiusUnit"),
            (json!({"type": "radius", "coords": [0], "radius": 1, "radiusUnit": "meters"}), "coords"),
        ] {
            let error = Object::new("bound", &bound).and_then(Bound::parse).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
