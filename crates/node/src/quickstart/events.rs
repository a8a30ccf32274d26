//! A made-up shop: ad and order events as JSON lines, drawn from fixed dictionaries with skewed popularity.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::io::Write;

const PROVINCES: &[(&str, &[&str])] = &[
    ("广东", &["广州", "深圳", "东莞", "佛山", "珠海", "惠州"]),
    ("浙江", &["杭州", "宁波", "温州", "嘉兴", "绍兴"]),
    ("江苏", &["南京", "苏州", "无锡", "常州", "南通"]),
    ("山东", &["济南", "青岛", "烟台", "潍坊"]),
    ("四川", &["成都", "绵阳", "德阳"]),
    ("河南", &["郑州", "洛阳", "开封"]),
    ("湖北", &["武汉", "宜昌", "襄阳"]),
    ("福建", &["福州", "厦门", "泉州"]),
    ("上海", &["上海"]),
    ("北京", &["北京"]),
    ("陕西", &["西安", "咸阳"]),
    ("重庆", &["重庆"]),
];
const DEVICES: &[(&str, &str)] = &[
    ("android_phone", "android"),
    ("iphone", "ios"),
    ("harmony_phone", "harmonyos"),
    ("windows_pc", "windows"),
    ("ipad", "ios"),
    ("macbook", "macos"),
];
const CHANNELS: &[&str] = &["feed", "search", "splash", "banner", "short_video", "live_stream", "push", "news"];
const PLACEMENTS: &[&str] = &["top", "side", "inline", "bottom", "sticky", "card", "story", "native", "premium"];
const CATEGORIES: &[&str] =
    &["phone", "laptop", "audio", "dress", "shoes", "skincare", "baby", "toys", "books", "fruit"];
const PAY_TYPES: &[&str] = &["wechat", "alipay", "card", "balance"];
const NUM_ADS: u32 = 400;
const NUM_CAMPAIGNS: u32 = 40;
const NUM_ADVERTISERS: u32 = 15;
const NUM_USERS: u32 = 50_000;

/// Draws events; the same seed gives the same events.
pub struct Events {
    random: SmallRng,
    next_order: u64,
}

impl Events {
    pub fn new(seed: u64) -> Self {
        Self { random: SmallRng::seed_from_u64(seed), next_order: seed.wrapping_mul(1_000_003) % 1_000_000_000 }
    }

    /// Writes one ad event of the instant `ts_ms`: an impression, a click (about 4 %) or a purchase.
    pub fn ad(&mut self, ts_ms: i64, out: &mut Vec<u8>) {
        let ad = self.skewed(NUM_ADS);
        let campaign = ad % NUM_CAMPAIGNS;
        let (province, city) = self.place();
        let (device, os) = self.pick_pair(DEVICES);
        let action = match self.random.random_range(0..1000u32) {
            0..=5 => "purchase",
            6..=45 => "click",
            _ => "impression",
        };
        let bid = 0.05 + f64::from(ad % 37) * 0.07;
        let cost = (bid * self.random.random_range(0.4..1.0) * 1000.0).round() / 1000.0;
        let channel = self.pick(CHANNELS);
        let user = self.skewed(NUM_USERS);
        let _ = write!(
            out,
            r#"{{"ts":{ts_ms},"ad_id":"ad_{ad:04}","campaign":"cmp_{campaign:03}","advertiser":"adv_{:02}","province":"{province}","city":"{city}","device":"{device}","os":"{os}","channel":"{channel}","action":"{action}","user_id":{},"cost":{cost},"bid":{bid:.2}"#,
            campaign % NUM_ADVERTISERS,
            100_000 + u64::from(user) * 97,
        );
        if action == "purchase" {
            let _ = write!(out, r#","price":{:.2}"#, self.random.random_range(9.0..900.0));
        }
        self.placement(out);
        out.push(b'}');
    }

    /// Writes one order event of the instant `ts_ms`.
    pub fn order(&mut self, ts_ms: i64, out: &mut Vec<u8>) {
        let status = match self.random.random_range(0..100u32) {
            0..=39 => "created",
            40..=84 => "paid",
            85..=93 => "cancelled",
            _ => "refunded",
        };
        let (province, city) = self.place();
        let quantity = 1 + self.skewed(6);
        let amount = f64::from(quantity) * self.random.random_range(5.0..400.0);
        self.next_order += 1;
        let (user, category, pay_type) = (self.skewed(NUM_USERS), self.pick(CATEGORIES), self.pick(PAY_TYPES));
        let _ = write!(
            out,
            r#"{{"ts":{ts_ms},"order_id":{},"user_id":{},"province":"{province}","city":"{city}","category":"{category}","status":"{status}","pay_type":"{pay_type}","amount":{amount:.2},"quantity":{quantity}}}"#,
            self.next_order,
            100_000 + u64::from(user) * 97,
        );
    }

    /// A number below `n`, small ones more often.
    fn skewed(&mut self, n: u32) -> u32 {
        let x: f64 = self.random.random();
        ((x * x * f64::from(n)) as u32).min(n - 1)
    }

    fn pick(&mut self, list: &[&'static str]) -> &'static str {
        let n = u32::try_from(list.len()).unwrap_or(1);
        list[self.skewed(n) as usize]
    }

    fn pick_pair(&mut self, list: &[(&'static str, &'static str)]) -> (&'static str, &'static str) {
        let n = u32::try_from(list.len()).unwrap_or(1);
        list[self.skewed(n) as usize]
    }

    fn place(&mut self) -> (&'static str, &'static str) {
        let n = u32::try_from(PROVINCES.len()).unwrap_or(1);
        let (province, cities) = PROVINCES[self.skewed(n) as usize];
        (province, self.pick(cities))
    }

    fn placement(&mut self, out: &mut Vec<u8>) {
        let num_tags = 1 + self.random.random_range(0..3u32);
        let _ = out.write_all(br#","placement":["#);
        for tag in 0..num_tags {
            let comma = if tag > 0 { "," } else { "" };
            let _ = write!(out, r#"{comma}"{}""#, self.pick(PLACEMENTS));
        }
        out.push(b']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(write: impl Fn(&mut Events, &mut Vec<u8>)) -> serde_json::Value {
        let mut out = Vec::new();
        write(&mut Events::new(7), &mut out);
        serde_json::from_slice(&out).expect("an event is JSON")
    }

    #[test]
    fn an_ad_event_has_the_fields_of_the_dashboards() {
        let event = line(|events, out| events.ad(1_700_000_000_000, out));
        for field in ["ts", "ad_id", "campaign", "advertiser", "province", "city", "device", "os", "channel", "action"]
        {
            assert!(event.get(field).is_some(), "{field}");
        }
        assert!(matches!(event["placement"].as_array().map(Vec::len), Some(1..=3)));
    }

    #[test]
    fn an_order_event_has_the_fields_of_the_dashboards() {
        let event = line(|events, out| events.order(5, out));
        for field in ["order_id", "user_id", "category", "status", "pay_type", "amount", "quantity"] {
            assert!(event.get(field).is_some(), "{field}");
        }
        assert_eq!(event["ts"], 5);
    }

    #[test]
    fn the_same_seed_draws_the_same_events() {
        let draw = || {
            let (mut events, mut out) = (Events::new(3), Vec::new());
            (0..50).for_each(|ts| events.ad(ts, &mut out));
            out
        };
        assert_eq!(draw(), draw());
    }
}
