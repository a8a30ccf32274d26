#!/usr/bin/env python3
"""Deterministic ad-event and order generator (NDJSON + Parquet).

  generate.py --rows 10000000 --seed 1 --out DIR [--days 1] [--orders-rows N]
             [--ndjson-rows M] [--only ads|orders] [--late-pct P --late-max-s S]

Same (--rows, --days, --seed, --orders-rows) gives the same rows on any machine
with the same numpy major version: every 1M-row chunk draws from its own PCG64
stream keyed by (seed, table, chunk).  Rows come out sorted by ts, unless
--late-pct is given, which shuffles that share of rows later in arrival order
(NDJSON only; the Parquet stays sorted).

ads columns
  ts int64 ms UTC | ad_id str 10k Zipf(0.9) | campaign_id str 500 | advertiser str 200
  (ad -> campaign -> advertiser is functional) | province str 34 (UTF-8) | city str 340
  (city -> province functional, population weighted) | device str 8 | os str 5 (given device)
  | channel str 20 (each ad runs on 1..4) | action int8 0 impression/1 click/2 purchase
  | user_id int64, 1M users, Zipf(0.75), ids scattered | cost double (cents, 3 dp)
  | bid double (2 dp) | price double, only purchases | placement list<str> 1..3 of 24 tags
orders columns
  order_id int64 | user_id int64 | province | city | category 30 | status 6 | pay_type 6
  | amount double (2 dp) | quantity int32 | ts int64 ms
"""
import argparse, os, sys, time
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

T0 = 1_767_571_200_000          # 2026-01-05T00:00:00Z, a Monday
CHUNK = 1_000_000
N_ADS, N_CAMP, N_ADV, N_USERS, N_CITY = 10_000, 500, 200, 1_000_000, 340

# 34 province-level names with population weights (millions, rounded)
PROV = [("广东", 127), ("山东", 101), ("河南", 99), ("江苏", 85), ("四川", 84), ("河北", 75),
        ("湖南", 66), ("浙江", 65), ("安徽", 61), ("湖北", 58), ("广西", 50), ("云南", 47),
        ("江西", 45), ("辽宁", 43), ("福建", 42), ("陕西", 40), ("贵州", 39), ("山西", 35),
        ("重庆", 32), ("黑龙江", 31), ("新疆", 26), ("甘肃", 25), ("上海", 25), ("吉林", 24),
        ("内蒙古", 24), ("台湾", 23), ("北京", 22), ("天津", 14), ("海南", 10), ("香港", 7),
        ("宁夏", 7), ("青海", 6), ("西藏", 4), ("澳门", 1)]
DEVICES = [("android_phone", .46), ("iphone", .24), ("harmony_phone", .12), ("windows_pc", .07),
           ("ipad", .045), ("android_tablet", .03), ("macbook", .02), ("smart_tv", .015)]
OSES = ["android", "ios", "harmonyos", "windows", "macos"]
DEV_OS = {0: [(0, 1.0)], 1: [(1, 1.0)], 2: [(2, .85), (0, .15)], 3: [(3, 1.0)], 4: [(1, 1.0)],
          5: [(0, .8), (2, .2)], 6: [(4, 1.0)], 7: [(0, .7), (2, .3)]}
CHANNELS = ["feed", "search", "splash", "banner", "video_preroll", "video_midroll", "reward_video",
            "interstitial", "mini_program", "live_stream", "kol", "push", "sms", "email", "affiliate",
            "app_store", "map_poi", "short_video", "news", "smart_home"]
TAGS = ["top", "side", "inline", "bottom", "above_fold", "below_fold", "sticky", "expandable",
        "autoplay", "muted", "skippable", "fullscreen", "native", "carousel", "card", "story",
        "brand_safe", "kids_safe", "premium", "remnant", "test_a", "test_b", "geo_fenced", "retarget"]
CATS = ["phone", "laptop", "tv", "camera", "audio", "fridge", "washer", "aircon", "sofa", "bed",
        "dress", "shirt", "shoes", "bag", "watch", "jewelry", "makeup", "skincare", "baby", "toys",
        "books", "grocery", "fruit", "snacks", "drinks", "pet", "auto_parts", "sports", "garden", "medicine"]
STATUS = [("created", .05), ("paid", .12), ("shipped", .15), ("delivered", .58), ("cancelled", .06), ("refunded", .04)]
PAYS = [("wechat", .44), ("alipay", .40), ("card", .08), ("balance", .04), ("cod", .02), ("credit_line", .02)]
DIURNAL = np.array([30, 20, 14, 10, 9, 12, 22, 40, 58, 66, 70, 74, 80, 72, 68, 68, 70, 74, 82, 92, 100, 98, 80, 52], float)


def world():
    """Fixed dictionaries; independent of --seed so that two runs share names."""
    r = np.random.default_rng(20260105)
    w = np.array([p[1] for p in PROV], float)
    n_city = np.maximum(1, np.floor(w / w.sum() * (N_CITY + 8))).astype(int)
    while n_city.sum() > N_CITY: n_city[np.argmax(n_city)] -= 1
    while n_city.sum() < N_CITY: n_city[np.argmax(w / n_city)] += 1
    syl = "an bei chang da dong fu guang hai heng hong hua hui jia jiang jin kai lan le li lin long lu ming nan ning ping qing quan rong shan shao su tai tong wei wen wu xi xiang xin xing xu yan yang yi ying yong yu yun zhang zhen zi zun".split()
    suf = ["zhou", "zhou", "zhou", "yang", "an", "shan", "cheng", "jiang", "hai", "ning", "kou", "tang"]
    names, seen, city_prov, city_w = [], set(), [], []
    for p, k in enumerate(n_city):
        cw = 1.0 / np.arange(1, k + 1) ** 0.8
        cw = cw / cw.sum() * w[p]
        for j in range(k):
            while True:
                nm = (syl[r.integers(len(syl))] + (syl[r.integers(len(syl))] if r.random() < .35 else "") + suf[r.integers(len(suf))]).capitalize()
                if nm not in seen: break
            seen.add(nm); names.append(nm); city_prov.append(p); city_w.append(cw[j])
    kinds = ["tech", "media", "auto", "games", "foods", "fashion", "travel", "bank", "edu", "health"]
    adv = [f"{syl[r.integers(len(syl))]}{syl[r.integers(len(syl))]}_{kinds[i % 10]}_{i:03d}" for i in range(N_ADV)]
    camp_adv = r.integers(0, N_ADV, N_CAMP); camp_adv[:N_ADV] = np.arange(N_ADV)
    ad_camp = r.integers(0, N_CAMP, N_ADS); ad_camp[:N_CAMP] = np.arange(N_CAMP)
    ad_rank = r.permutation(N_ADS)                      # popularity rank -> ad
    ad_nch = r.choice([1, 2, 3, 4], N_ADS, p=[.4, .3, .2, .1])
    ad_ch = np.stack([r.permutation(20)[:4] for _ in range(N_ADS)])
    ad_bid = np.round(np.exp(r.normal(0.3, 0.6, N_ADS)), 2).clip(.05, 30)
    ad_ctr = r.beta(2.2, 50, N_ADS)
    ad_tags = np.stack([r.permutation(24)[:3] for _ in range(N_ADS)])
    user_ids = r.permutation(N_USERS).astype(np.int64) * 9973 + 100_000_007   # scattered ids
    cz = lambda n, s: np.cumsum((1 / np.arange(1, n + 1) ** s) / (1 / np.arange(1, n + 1) ** s).sum())
    return dict(
        city=np.array(names), city_prov=np.array(city_prov), city_cdf=np.cumsum(np.array(city_w) / np.sum(city_w)),
        prov=np.array([p[0] for p in PROV]), adv=np.array(adv), camp_adv=camp_adv, ad_camp=ad_camp, ad_rank=ad_rank,
        ad_nch=ad_nch, ad_ch=ad_ch, ad_bid=ad_bid, ad_ctr=ad_ctr, ad_tags=ad_tags, user_ids=user_ids,
        ad_cdf=cz(N_ADS, 0.9), user_cdf=cz(N_USERS, 0.75),
        user_city=np.searchsorted(np.cumsum(np.array(city_w) / np.sum(city_w)), r.random(N_USERS)).clip(0, N_CITY - 1),
        user_dev=r.choice(8, N_USERS, p=np.array([d[1] for d in DEVICES]) / sum(d[1] for d in DEVICES)),
        ad_name=np.array([f"ad_{i:05d}" for i in range(N_ADS)]), camp_name=np.array([f"cmp_{i:03d}" for i in range(N_CAMP)]))


def times(i0, n, total, days, r):
    """Stratified inverse-CDF sampling of a diurnal curve: sorted without a sort."""
    hours = int(np.ceil(days * 24))
    wt = np.tile(DIURNAL, hours // 24 + 1)[:max(hours, 1)].copy()
    if days * 24 < hours: wt[-1] *= days * 24 - (hours - 1)
    cdf = np.concatenate([[0], np.cumsum(wt) / wt.sum()])
    edges = np.minimum(np.arange(hours + 1), days * 24) * 3_600_000.0
    q = (np.arange(i0, i0 + n) + r.random(n)) / total
    return T0 + np.interp(q, cdf, edges).astype(np.int64)


def ads_chunk(w, i0, n, total, days, seed):
    r = np.random.default_rng([seed, 1, i0 // CHUNK])
    ts = times(i0, n, total, days, r)
    ad = w["ad_rank"][np.searchsorted(w["ad_cdf"], r.random(n)).clip(0, N_ADS - 1)]
    u = np.searchsorted(w["user_cdf"], r.random(n)).clip(0, N_USERS - 1)
    city = w["user_city"][u]
    rov = r.random(n) < .06                                  # 6% seen away from home
    city = np.where(rov, np.searchsorted(w["city_cdf"], r.random(n)).clip(0, N_CITY - 1), city)
    dev = np.where(r.random(n) < .85, w["user_dev"][u], r.choice(8, n, p=np.array([d[1] for d in DEVICES]) / sum(d[1] for d in DEVICES)))
    x = r.random(n); osx = np.empty(n, np.int64)
    for d, lst in DEV_OS.items():
        m = dev == d; v = np.full(m.sum(), lst[-1][0]); acc = 0.0
        xm = x[m]
        for o, p in reversed(lst[:-1]):
            v[xm < p] = o
        osx[m] = v
    ch = w["ad_ch"][ad, (r.random(n) * w["ad_nch"][ad]).astype(int)]
    x = r.random(n); ctr = w["ad_ctr"][ad]
    action = np.where(x < ctr * .11, 2, np.where(x < ctr * 1.11, 1, 0)).astype(np.int8)
    bid = np.round(w["ad_bid"][ad] * np.exp(r.normal(0, .12, n)), 2).clip(.01, 99)
    paid = r.uniform(.55, 1.0, n)
    cost = np.round(np.where(action == 0, bid * .1 * paid, np.where(action == 1, bid * 12 * paid, 0.0)), 3)
    price = np.where(action == 2, np.round(np.exp(r.normal(4.4, 1.1, n)), 2), np.nan)
    k = r.choice([1, 2, 3], n, p=[.55, .3, .15])
    t1 = w["ad_tags"][ad, 0]; t2 = np.where(r.random(n) < .7, w["ad_tags"][ad, 1], (t1 + 7) % 24); t3 = (t1 + 1 + (r.random(n) * 5).astype(int)) % 24
    t3 = np.where(t3 == t2, (t3 + 11) % 24, t3)
    return dict(ts=ts, ad=ad, city=city, dev=dev, os=osx, ch=ch, action=action, user=w["user_ids"][u],
                cost=cost, bid=bid, price=price, k=k, t1=t1, t2=t2, t3=t3)


def dict_arr(codes, names):
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(names)))


def ads_table(w, c):
    ad = c["ad"]; camp = w["ad_camp"][ad]; adv = w["camp_adv"][camp]; prov = w["city_prov"][c["city"]]
    n = len(ad)
    tags = np.stack([c["t1"], c["t2"], c["t3"]], 1)
    mask = np.arange(3)[None, :] < c["k"][:, None]
    offs = np.concatenate([[0], np.cumsum(c["k"])]).astype(np.int32)
    pl = pa.ListArray.from_arrays(pa.array(offs), pa.array(np.array(TAGS, dtype=object)[tags[mask]], pa.string()))
    return pa.table({
        "ts": pa.array(c["ts"]), "ad_id": dict_arr(ad, w["ad_name"]), "campaign_id": dict_arr(camp, w["camp_name"]),
        "advertiser": dict_arr(adv, w["adv"]), "province": dict_arr(prov, w["prov"]), "city": dict_arr(c["city"], w["city"]),
        "device": dict_arr(c["dev"], [d[0] for d in DEVICES]), "os": dict_arr(c["os"], OSES), "channel": dict_arr(c["ch"], CHANNELS),
        "action": pa.array(c["action"]), "user_id": pa.array(c["user"]), "cost": pa.array(c["cost"]), "bid": pa.array(c["bid"]),
        "price": pa.array(c["price"], mask=np.isnan(c["price"])), "placement": pl})


def ads_ndjson(w, c):
    ad = c["ad"]; camp = w["ad_camp"][ad]; adv = w["camp_adv"][camp]; prov = w["city_prov"][c["city"]]
    D = [d[0] for d in DEVICES]
    pre_ad = [f'"ad_id":"{w["ad_name"][i]}","campaign_id":"{w["camp_name"][w["ad_camp"][i]]}","advertiser":"{w["adv"][w["camp_adv"][w["ad_camp"][i]]]}"' for i in range(N_ADS)]
    pre_city = [f'"province":"{w["prov"][w["city_prov"][i]]}","city":"{w["city"][i]}"' for i in range(N_CITY)]
    pre_dev = [[f'"device":"{d}","os":"{o}"' for o in OSES] for d in D]
    out = []
    for ts, a, ci, d, o, chn, act, u, co, bi, pr, k, t1, t2, t3 in zip(
            c["ts"].tolist(), ad.tolist(), c["city"].tolist(), c["dev"].tolist(), c["os"].tolist(), c["ch"].tolist(), c["action"].tolist(),
            c["user"].tolist(), c["cost"].tolist(), c["bid"].tolist(), c["price"].tolist(), c["k"].tolist(), c["t1"].tolist(), c["t2"].tolist(), c["t3"].tolist()):
        pl = f'"{TAGS[t1]}"' if k == 1 else (f'"{TAGS[t1]}","{TAGS[t2]}"' if k == 2 else f'"{TAGS[t1]}","{TAGS[t2]}","{TAGS[t3]}"')
        p = f',"price":{pr}' if act == 2 else ''
        out.append(f'{{"ts":{ts},{pre_ad[a]},{pre_city[ci]},{pre_dev[d][o]},"channel":"{CHANNELS[chn]}","action":{act},"user_id":{u},"cost":{co},"bid":{bi}{p},"placement":[{pl}]}}')
    return out


def orders_chunk(w, i0, n, total, days, seed):
    r = np.random.default_rng([seed, 2, i0 // CHUNK])
    ts = times(i0, n, total, days, r)
    u = np.searchsorted(w["user_cdf"], r.random(n)).clip(0, N_USERS - 1)
    city = w["user_city"][u]
    cw = 1 / np.arange(1, 31) ** .6; cat = r.choice(30, n, p=cw / cw.sum())
    st = r.choice(6, n, p=[s[1] for s in STATUS]); pay = r.choice(6, n, p=[p[1] for p in PAYS])
    qty = (1 + r.geometric(.72, n) - 1).clip(1, 20).astype(np.int32)
    amount = np.round(np.exp(r.normal(4.2, 1.0, n)) * (1 + (29 - cat) / 20) * qty, 2)
    oid = (T0 // 1000) * 1_000_000 + np.arange(i0, i0 + n) * 3 + r.integers(0, 3, n)
    return dict(oid=oid, user=w["user_ids"][u], city=city, cat=cat, st=st, pay=pay, amount=amount, qty=qty, ts=ts)


def orders_table(w, c):
    return pa.table({"order_id": pa.array(c["oid"]), "user_id": pa.array(c["user"]), "province": dict_arr(w["city_prov"][c["city"]], w["prov"]),
                     "city": dict_arr(c["city"], w["city"]), "category": dict_arr(c["cat"], CATS), "status": dict_arr(c["st"], [s[0] for s in STATUS]),
                     "pay_type": dict_arr(c["pay"], [p[0] for p in PAYS]), "amount": pa.array(c["amount"]), "quantity": pa.array(c["qty"]), "ts": pa.array(c["ts"])})


def orders_ndjson(w, c):
    pre_city = [f'"province":"{w["prov"][w["city_prov"][i]]}","city":"{w["city"][i]}"' for i in range(N_CITY)]
    S = [s[0] for s in STATUS]; P = [p[0] for p in PAYS]
    return [f'{{"order_id":{o},"user_id":{u},{pre_city[ci]},"category":"{CATS[ca]}","status":"{S[s]}","pay_type":"{P[p]}","amount":{a},"quantity":{q},"ts":{t}}}'
            for o, u, ci, ca, s, p, a, q, t in zip(*(c[k].tolist() for k in ("oid", "user", "city", "cat", "st", "pay", "amount", "qty", "ts")))]


def emit(kind, total, ndjson_rows, a, w):
    fn_c, fn_t, fn_j = (ads_chunk, ads_table, ads_ndjson) if kind == "ads" else (orders_chunk, orders_table, orders_ndjson)
    wr = jf = None; left = ndjson_rows; t = time.time()
    late = np.random.default_rng([a.seed, 9])
    for i0 in range(0, total, CHUNK):
        n = min(CHUNK, total - i0)
        c = fn_c(w, i0, n, total, a.days, a.seed)
        if not a.no_parquet:
            tb = fn_t(w, c)
            if wr is None:
                wr = pq.ParquetWriter(os.path.join(a.out, f"{kind}.parquet"), tb.schema, compression="zstd", compression_level=3,
                                      use_dictionary=[x.name for x in tb.schema if pa.types.is_dictionary(x.type)] + ["placement.list.element"] if kind == "ads" else True)
            wr.write_table(tb, row_group_size=122_880)
        if left > 0:
            if jf is None: jf = open(os.path.join(a.out, f"{kind}.ndjson"), "w", encoding="utf-8")
            m = min(n, left); lines = fn_j(w, {k: v[:m] for k, v in c.items()})
            if a.late_pct > 0:
                pos = np.arange(m, dtype=float); sel = late.random(m) < a.late_pct / 100
                pos[sel] += late.random(sel.sum()) * a.late_max_s * m / max(1, (c["ts"][m - 1] - c["ts"][0]) / 1000)
                lines = [lines[j] for j in np.argsort(pos, kind="stable")]
            jf.write("\n".join(lines)); jf.write("\n"); left -= m
    if wr: wr.close()
    if jf: jf.close()
    print(f"{kind}: {total} rows in {time.time() - t:.1f}s", file=sys.stderr)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rows", type=int, required=True); p.add_argument("--seed", type=int, default=1); p.add_argument("--out", required=True)
    p.add_argument("--days", type=float, default=1.0); p.add_argument("--orders-rows", type=int, default=-1)
    p.add_argument("--ndjson-rows", type=int, default=-1); p.add_argument("--only", choices=["ads", "orders"])
    p.add_argument("--no-parquet", action="store_true"); p.add_argument("--late-pct", type=float, default=0.0); p.add_argument("--late-max-s", type=float, default=120.0)
    a = p.parse_args(); os.makedirs(a.out, exist_ok=True); w = world()
    if a.only != "orders": emit("ads", a.rows, a.rows if a.ndjson_rows < 0 else a.ndjson_rows, a, w)
    o = a.rows if a.orders_rows < 0 else a.orders_rows
    if a.only != "ads" and o: emit("orders", o, o if a.ndjson_rows < 0 else min(o, a.ndjson_rows), a, w)


if __name__ == "__main__":
    main()
