use super::*;
use proptest::prelude::*;

fn at(text: &str) -> i64 {
    instant::parse(text).unwrap()
}

fn period(period: &str, zone: &str, origin: Option<&str>) -> Granularity {
    let zone = TimeZone::parse(zone).unwrap();
    Granularity::period(Period::parse(period).unwrap(), zone, origin.map(at)).unwrap()
}

fn json(text: &str) -> Granularity {
    serde_json::from_str(text).unwrap()
}

/// The starts of `count` buckets, from the one that holds `from`.
fn starts(granularity: &Granularity, from: &str, count: usize) -> Vec<String> {
    let mut t = at(from);
    (0..count)
        .map(|_| {
            let bucket = granularity.bucket(t);
            t = bucket.end;
            granularity.text(bucket.start)
        })
        .collect()
}

#[test]
fn simple_names_are_utc_periods() {
    let t = at("2021-08-19T13:47:38.123Z");
    for (name, start, end) in [
        ("second", "2021-08-19T13:47:38", "2021-08-19T13:47:39"),
        ("MINUTE", "2021-08-19T13:47", "2021-08-19T13:48"),
        ("five_minute", "2021-08-19T13:45", "2021-08-19T13:50"),
        ("ten_minute", "2021-08-19T13:40", "2021-08-19T13:50"),
        ("fifteen_minute", "2021-08-19T13:45", "2021-08-19T14:00"),
        ("Thirty_Minute", "2021-08-19T13:30", "2021-08-19T14:00"),
        ("hour", "2021-08-19T13", "2021-08-19T14"),
        ("six_hour", "2021-08-19T12", "2021-08-19T18"),
        ("eight_hour", "2021-08-19T08", "2021-08-19T16"),
        ("day", "2021-08-19", "2021-08-20"),
        ("week", "2021-08-16", "2021-08-23"),
        ("month", "2021-08", "2021-09"),
        ("quarter", "2021-07", "2021-10"),
        ("year", "2021", "2022"),
    ] {
        let granularity = Granularity::named(name).unwrap();
        assert_eq!(granularity.bucket(t), Interval { start: at(start), end: at(end) }, "{name}");
        assert_eq!(granularity.name(), Some(name.to_lowercase().as_str()));
        assert_eq!(granularity.zone(), &TimeZone::UTC);
    }
    assert_eq!(Granularity::named("all").unwrap().bucket(t), Interval::ETERNITY);
    assert_eq!(Granularity::named("NONE").unwrap().bucket(t), Interval { start: t, end: t + 1 });
    for unknown in ["two_hour", "millisecond", "P1D", "", "fortnight"] {
        let message = Granularity::named(unknown).unwrap_err().to_string();
        assert_eq!(message, format!("unknown granularity [{unknown}]"));
    }
}

#[test]
fn several_weeks_count_from_a_thursday_single_ones_from_monday() {
    let fortnight = period("P2W", "UTC", None);
    assert_eq!(starts(&fortnight, "1970-01-05", 2), ["1970-01-01T00:00:00.000Z", "1970-01-15T00:00:00.000Z"]);
    let week = period("P1W", "UTC", None);
    assert_eq!(starts(&week, "1970-01-05", 1), ["1970-01-05T00:00:00.000Z"]);
    assert_eq!(starts(&week, "1970-01-04T23:59:59.999", 1), ["1969-12-29T00:00:00.000Z"]);
    let from_sunday = period("P1W", "UTC", Some("2021-01-03"));
    assert_eq!(starts(&from_sunday, "2021-08-19", 1), ["2021-08-15T00:00:00.000Z"]);
    let seven_days = period("P7D", "UTC", None);
    assert_eq!(starts(&seven_days, "1970-01-12", 1), ["1970-01-08T00:00:00.000Z"]);
}

#[test]
fn origins_and_times_before_them() {
    let quarters = period("P3M", "UTC", Some("2020-02-10T06:00Z"));
    assert_eq!(
        starts(&quarters, "2019-08-15", 3),
        ["2019-08-10T06:00:00.000Z", "2019-11-10T06:00:00.000Z", "2020-02-10T06:00:00.000Z"]
    );
    let day = period("P1D", "UTC", Some("2020-01-01T03:00Z"));
    assert_eq!(starts(&day, "2019-12-31T02:00", 1), ["2019-12-30T03:00:00.000Z"]);
    let months = period("P1M", "UTC", Some("2020-01-31"));
    assert_eq!(
        starts(&months, "2020-01-31", 4),
        ["2020-01-31", "2020-02-29", "2020-03-31", "2020-04-30"].map(|d| format!("{d}T00:00:00.000Z"))
    );
    let years = period("P5Y", "UTC", None);
    assert_eq!(starts(&years, "1969-06-01", 2), ["1965-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"]);
}

#[test]
fn durations_floor_downwards_from_their_origin() {
    let plain = Granularity::duration(7_000, 0).unwrap();
    assert_eq!(plain.bucket(-1), Interval { start: -7_000, end: 0 });
    let shifted = Granularity::duration(1_000, 12_345_300).unwrap();
    assert_eq!(shifted.bucket(1_299), Interval { start: 300, end: 1_300 });
    assert_eq!(shifted.bucket(-701), Interval { start: -1_700, end: -700 });
    for bad in [0, -5] {
        assert!(Granularity::duration(bad, 0).unwrap_err().to_string().contains("duration"));
    }
}

#[test]
fn days_and_hours_of_new_york() {
    let day = period("P1D", "America/New_York", None);
    assert_eq!(
        starts(&day, "2021-03-13T12:00Z", 3),
        ["2021-03-13T00:00:00.000-05:00", "2021-03-14T00:00:00.000-05:00", "2021-03-15T00:00:00.000-04:00"]
    );
    let hours = |t: &str| day.bucket(at(t)).duration_ms() / 3_600_000;
    assert_eq!((hours("2021-03-14T12Z"), hours("2021-11-07T12Z"), hours("2021-07-01T12Z")), (23, 25, 24));
    let hour = period("PT1H", "America/New_York", None);
    assert_eq!(
        starts(&hour, "2021-11-07T05:30Z", 3),
        ["2021-11-07T01:00:00.000-04:00", "2021-11-07T01:00:00.000-05:00", "2021-11-07T02:00:00.000-05:00"]
    );
    assert_eq!(
        starts(&hour, "2021-03-14T06:30Z", 2),
        ["2021-03-14T01:00:00.000-05:00", "2021-03-14T03:00:00.000-04:00"]
    );
    let month = period("P1M", "America/New_York", None);
    assert_eq!(
        starts(&month, "2021-03-01T04:59Z", 3),
        ["2021-02-01T00:00:00.000-05:00", "2021-03-01T00:00:00.000-05:00", "2021-04-01T00:00:00.000-04:00"]
    );
}

#[test]
fn several_hours_are_elapsed_time() {
    let six = period("PT6H", "America/New_York", None);
    assert_eq!(
        starts(&six, "2021-01-10T05:00Z", 2),
        ["2021-01-10T00:00:00.000-05:00", "2021-01-10T06:00:00.000-05:00"]
    );
    assert_eq!(
        starts(&six, "2021-07-10T05:00Z", 2),
        ["2021-07-10T01:00:00.000-04:00", "2021-07-10T07:00:00.000-04:00"]
    );
}

#[test]
fn sao_paulo_days_without_midnight_begin_at_one() {
    let day = period("P1D", "America/Sao_Paulo", None);
    assert_eq!(
        starts(&day, "2018-11-03T12:00Z", 3),
        ["2018-11-03T00:00:00.000-03:00", "2018-11-04T01:00:00.000-02:00", "2018-11-05T00:00:00.000-02:00"]
    );
    let autumn = day.bucket(at("2018-02-17T12:00Z"));
    assert_eq!(day.text(autumn.start), "2018-02-17T00:00:00.000-02:00");
    assert_eq!(day.text(autumn.end), "2018-02-18T00:00:00.000-03:00");
    assert_eq!(autumn.duration_ms(), 25 * 3_600_000);
}

#[test]
fn a_repeated_midnight_and_a_skipped_day() {
    let havana = period("P1D", "America/Havana", None);
    assert_eq!(
        starts(&havana, "2021-11-07T05:30Z", 2),
        ["2021-11-07T00:00:00.000-04:00", "2021-11-08T00:00:00.000-05:00"]
    );
    let samoa = period("P1D", "Pacific/Apia", None);
    assert_eq!(
        starts(&samoa, "2011-12-29T12:00-10:00", 2),
        ["2011-12-29T00:00:00.000-10:00", "2011-12-31T00:00:00.000+14:00"]
    );
    let lord_howe = period("PT1H", "Australia/Lord_Howe", None);
    assert_eq!(
        starts(&lord_howe, "2021-04-03T14:30Z", 3),
        ["2021-04-04T01:00:00.000+11:00", "2021-04-04T01:30:00.000+10:30", "2021-04-04T02:00:00.000+10:30"]
    );
}

#[test]
fn compound_periods() {
    let plain = period("P1DT12H", "UTC", None);
    assert_eq!(starts(&plain, "1970-01-02T13:00", 2), ["1970-01-02T12:00:00.000Z", "1970-01-04T00:00:00.000Z"]);
    assert_eq!(starts(&plain, "1969-12-31T00:00", 1), ["1969-12-30T12:00:00.000Z"]);
    let clock = period("PT1H30M", "America/New_York", None);
    assert_eq!(
        starts(&clock, "1970-01-01T06:31Z", 2),
        ["1970-01-01T01:30:00.000-05:00", "1970-01-01T03:00:00.000-05:00"]
    );
    let calendar = period("P1M15D", "UTC", None);
    assert_eq!(
        starts(&calendar, "1970-01-01", 4),
        ["1970-01-01", "1970-02-16", "1970-03-31", "1970-05-15"].map(|d| format!("{d}T00:00:00.000Z"))
    );
    assert_eq!(starts(&calendar, "1969-12-31", 2), ["1969-11-16T00:00:00.000Z", "1970-01-01T00:00:00.000Z"]);
    let zoned = period("P1DT12H", "America/New_York", Some("2021-03-13T00:00-05:00"));
    assert_eq!(
        starts(&zoned, "2021-03-13T12:00Z", 3),
        ["2021-03-13T00:00:00.000-05:00", "2021-03-14T13:00:00.000-04:00", "2021-03-16T01:00:00.000-04:00"]
    );
}

#[test]
fn compound_periods_far_before_their_origin() {
    let london = period("P1DT12H", "Europe/London", Some("2025-06-15T13:45Z"));
    assert_eq!(starts(&london, "2020-03-01", 2), ["2020-02-29T00:45:00.000Z", "2020-03-01T12:45:00.000Z"]);
    assert_eq!(starts(&london, "2025-06-15T13:45Z", 1), ["2025-06-15T14:45:00.000+01:00"]);
    let los_angeles = period("P1DT12H", "America/Los_Angeles", Some("2012-01-01T00:00-08:00"));
    assert_eq!(starts(&los_angeles, "1969-12-26T00:00Z", 1), ["1969-12-25T11:00:00.000-08:00"]);
}

#[test]
fn buckets_far_from_their_origin_are_the_same_in_whatever_order_they_are_asked_for() {
    for origin in ["2150-01-01T00:00Z", "1850-01-01T00:00Z"] {
        let far = || period("P1DT12H", "Europe/London", Some(origin));
        let one = far();
        for year in [1950, 2020, 1970, 2021, 1980, 1950] {
            let t = at(&format!("{year}-03-01T00:00Z"));
            assert_eq!(one.bucket(t), far().bucket(t), "{year} from {origin}");
        }
    }
}

#[test]
fn json_forms() {
    assert_eq!(json("\"Day\""), Granularity::named("day").unwrap());
    assert_eq!(json(r#"{"type":"all"}"#), Granularity::All);
    assert_eq!(json(r#"{"type":"none","stray":1}"#), Granularity::None);
    assert_eq!(json(r#"{"type":"period","period":"PT1H","timeZone":null,"origin":null}"#), json("\"hour\""));
    assert_eq!(
        json(r#"{"type":"duration","duration":"86400000","origin":"1970-01-01T01:00Z"}"#),
        Granularity::duration(86_400_000, 3_600_000).unwrap()
    );
    assert_eq!(
        json(r#"{"timeZone":"+05:30","period":"P1D","type":"period","origin":0}"#),
        period("P1D", "+05:30", Some("1970-01-01"))
    );
    for (bad, word) in [
        (r#""sometimes""#, "[sometimes]"),
        (r#"{"type":"hour"}"#, "[hour]"),
        (r#"{"type":"period"}"#, "period is missing"),
        (r#"{"type":"duration"}"#, "duration is missing"),
        (r#"{"type":"duration","duration":"soon"}"#, "[soon]"),
        (r#"{"type":"duration","duration":0}"#, "over 0"),
        (r#"{"type":"period","period":"PT0S"}"#, "zero"),
        (r#"{"type":"period","period":"P-1D"}"#, "negative"),
        (r#"{"type":"period","period":"daily"}"#, "[daily]"),
        (r#"{"type":"period","period":"P1D","timeZone":"Mars/Base"}"#, "[Mars/Base]"),
        (r#"{"type":"period","period":"P1D","origin":"then"}"#, "[then]"),
        (r#"{"period":"P1D"}"#, "type"),
        ("7", "granularity"),
        ("null", "granularity"),
    ] {
        let message = serde_json::from_str::<Granularity>(bad).unwrap_err().to_string();
        assert!(message.contains(word), "{bad}: {message}");
    }
}

#[test]
fn json_reads_back() {
    for (granularity, text) in [
        (json("\"hour\""), "\"HOUR\""),
        (json("\"quarter\""), "\"QUARTER\""),
        (Granularity::All, r#"{"type":"all"}"#),
        (Granularity::None, r#"{"type":"none"}"#),
        (
            Granularity::duration(1_000, 300).unwrap(),
            r#"{"type":"duration","duration":1000,"origin":"1970-01-01T00:00:00.300Z"}"#,
        ),
        (
            period("P2D", "America/New_York", Some("2021-01-01T05:00Z")),
            r#"{"type":"period","period":"P2D","timeZone":"America/New_York","origin":"2021-01-01T00:00:00.000-05:00"}"#,
        ),
        (period("P2D", "UTC", None), r#"{"type":"period","period":"P2D","timeZone":"UTC","origin":null}"#),
    ] {
        assert_eq!(serde_json::to_string(&granularity).unwrap(), text);
        assert_eq!(json(text), granularity);
        let value = serde_json::to_value(&granularity).unwrap();
        assert_eq!(serde_json::from_value::<Granularity>(value).unwrap(), granularity);
    }
}

#[test]
fn fineness() {
    let order = ["none", "second", "minute", "hour", "six_hour", "day", "week", "month", "quarter", "year", "all"];
    for (at, fine) in order.iter().enumerate() {
        for (other, coarse) in order.iter().enumerate() {
            let finer = json(&format!("\"{fine}\"")).is_finer_or_equal(&json(&format!("\"{coarse}\"")));
            assert_eq!(finer, at <= other, "{fine} {coarse}");
        }
    }
}

#[test]
fn buckets_of_an_interval_stop_at_the_limit() {
    let day = json("\"day\"");
    let interval = Interval::parse("2021-01-01T12:00/2021-01-03").unwrap();
    let days: Vec<Interval> = day.buckets_of(interval, 2).map(Result::unwrap).collect();
    assert_eq!(days, [Interval::parse("2021-01-01/P1D").unwrap(), Interval::parse("2021-01-02/P1D").unwrap()]);
    let mut short = day.buckets_of(interval, 1);
    assert!(short.next().unwrap().is_ok());
    let message = short.next().unwrap().unwrap_err().to_string();
    assert!(message.contains("1 buckets of granularity day"), "{message}");
    assert!(short.next().is_none());
    assert_eq!(day.buckets_of(Interval { start: 5, end: 5 }, 9).count(), 0);
    let all: Vec<_> = Granularity::All.buckets_of(Interval::ETERNITY, 1).collect();
    assert_eq!(all, [Ok(Interval::ETERNITY)]);
}

#[test]
fn the_ends_of_time_have_buckets() {
    for text in [
        "\"second\"",
        "\"week\"",
        "\"year\"",
        r#"{"type":"period","period":"P3W","timeZone":"Europe/Berlin"}"#,
        r#"{"type":"period","period":"P7M","timeZone":"Europe/Berlin"}"#,
        r#"{"type":"period","period":"PT1H","timeZone":"Europe/Berlin"}"#,
        r#"{"type":"period","period":"P2147483647Y"}"#,
        r#"{"type":"duration","duration":9223372036854775807}"#,
    ] {
        let granularity = json(text);
        for t in [i64::MIN / 2, i64::MIN / 2 + 1, i64::MAX / 2 - 1, i64::MAX / 2] {
            let bucket = granularity.bucket(t);
            assert!(bucket.contains(t), "{text} {t} {bucket:?}");
        }
    }
}

const ZONES: [&str; 9] = [
    "UTC",
    "+05:30",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
];

const PERIODS: [&str; 16] = [
    "PT1S", "PT1M", "PT15M", "PT1H", "PT6H", "PT1H30M", "P1D", "P3D", "P1W", "P2W", "P1M", "P3M", "P1Y", "P1DT12H",
    "P1M15D", "PT0.500S",
];

/// Instants within a day of an offset change, where calendars go wrong, and any others.
fn instants() -> impl Strategy<Value = i64> {
    let around = |change: i64| change - 90_000_000..change + 90_000_000;
    prop_oneof![
        -2_000_000_000_000i64..3_000_000_000_000,
        around(1_615_705_200_000),
        around(1_636_264_800_000),
        around(1_541_300_400_000),
        around(1_518_919_200_000),
        around(1_325_239_200_000),
        around(1_617_462_000_000),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn buckets_tile_time(t in instants(), zone in 0..ZONES.len(), origin in proptest::option::of(instants())) {
        let zone = TimeZone::parse(ZONES[zone]).unwrap();
        for text in PERIODS {
            let period = Period::parse(text).unwrap();
            let granularity = Granularity::period(period, zone.clone(), origin).unwrap();
            let bucket = granularity.bucket(t);
            prop_assert!(bucket.contains(t), "{} {} {}", text, zone, bucket);
            prop_assert_eq!(granularity.bucket(bucket.start), bucket, "{} {}", text, zone);
            prop_assert_eq!(granularity.bucket(bucket.end - 1), bucket, "{} {}", text, zone);
            prop_assert_eq!(granularity.bucket(bucket.end).start, bucket.end, "{} {}", text, zone);
            prop_assert_eq!(granularity.bucket(bucket.start - 1).end, bucket.start, "{} {}", text, zone);
        }
    }

    #[test]
    fn walking_is_the_same_as_asking(
        times in proptest::collection::vec(instants(), 1..40),
        sorted in any::<bool>(),
        zone in 0..ZONES.len(),
        text in 0..PERIODS.len(),
    ) {
        let zone = TimeZone::parse(ZONES[zone]).unwrap();
        let granularity = Granularity::period(Period::parse(PERIODS[text]).unwrap(), zone, None).unwrap();
        let mut times = times;
        if sorted {
            times.sort_unstable();
        }
        let mut walked = Vec::new();
        Buckets::new(&granularity).starts(&times, &mut walked);
        let asked: Vec<i64> = times.iter().map(|t| granularity.bucket_start(*t)).collect();
        prop_assert_eq!(walked, asked);
    }

    #[test]
    fn an_interval_is_covered_without_gap(t in instants(), zone in 0..ZONES.len()) {
        let zone = TimeZone::parse(ZONES[zone]).unwrap();
        for text in ["PT1H", "PT6H", "P1D", "P1DT12H", "P1W"] {
            let granularity = Granularity::period(Period::parse(text).unwrap(), zone.clone(), None).unwrap();
            let interval = Interval { start: t, end: t + 4 * 86_400_000 };
            let buckets: Vec<Interval> = granularity.buckets_of(interval, 1_000).collect::<Result<_>>().unwrap();
            prop_assert!(buckets[0].contains(interval.start));
            prop_assert!(buckets[buckets.len() - 1].contains(interval.end - 1));
            for pair in buckets.windows(2) {
                prop_assert_eq!(pair[0].end, pair[1].start, "{} {}", text, zone);
            }
        }
    }
}
