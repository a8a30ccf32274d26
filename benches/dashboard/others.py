"""More queries over the tables of generate.py, of the kinds that dashboards ask: other dimensions, filters, cardinalities and
expressions. Each with its form for DuckDB and, where that is another one, for ClickHouse. `run.py --set others` times them.
"""
import json, re

from queries import COUNT, DAY, HLL, dsum, filtered, gb, ingestion_spec, is_, limit, long_dim, quantiles, topn, ts

def inq(dim, vals): return {"type":"in","dimension":dim,"values":vals}
def and_(*f): return {"type":"and","fields":list(f)}
def not_(f): return {"type":"not","field":f}
def rng(col, lo=None, hi=None, t="DOUBLE", **k):
    d={"type":"range","column":col,"matchValueType":t}
    if lo is not None: d["lower"]=lo
    if hi is not None: d["upper"]=hi
    d.update(k); return d
def lmax(n,f): return {"type":"doubleMax","name":n,"fieldName":f}
def lmin(n,f): return {"type":"doubleMin","name":n,"fieldName":f}
def lsum(n,f): return {"type":"longSum","name":n,"fieldName":f}
users=[str(u) for u in (100478711,9704348062,261552634,5841196809,9674698333,4602231073)]
def to_clickhouse(sql): return re.sub(r"ts // (\d+)", r"intDiv(ts, \1)", sql).replace("approx_count_distinct", "uniq")
V={}
def v(name,q,duck,ch=None): V[name]=(q,duck,ch or to_clickhouse(duck))
v("ts.minute.os", ts(granularity="minute",filter=is_("os","ios"),aggregations=[COUNT,dsum("c","cost"),lmax("m","bid")]),
  "select ts // 60000 h, count(*), sum(cost), max(bid) from ads where os='ios' group by h order by h")
v("ts.5min.all", ts(granularity="five_minute",aggregations=[COUNT,lmin("mi","cost"),lmax("m","cost")]),
  "select ts // 300000 h, count(*), min(cost), max(cost) from ads group by h order by h")
v("ts.orders.filter", ts("orders",filter=and_(is_("pay_type","alipay"),inq("category",["fruit","audio","aircon"])),aggregations=[COUNT,dsum("a","amount"),lsum("q","quantity")]),
  "select ts // 3600000 h, count(*), sum(amount), sum(quantity) from orders where pay_type='alipay' and category in ('fruit','audio','aircon') group by h order by h")
v("ts.not", ts(granularity="all",filter=not_(is_("device","iphone")),aggregations=[COUNT,dsum("b","bid")]),
  "select count(*), sum(bid) from ads where device <> 'iphone'")
v("ts.in_city", ts(granularity="all",filter=inq("city",["Qingzhou","Luan","Taiyang","Longcheng","Xianghaining"]),aggregations=[COUNT,dsum("c","cost")]),
  "select count(*), sum(cost) from ads where city in ('Qingzhou','Luan','Taiyang','Longcheng','Xianghaining')")
v("ts.in_users", ts(granularity="all",filter=inq("user_id",users),aggregations=[COUNT,dsum("c","cost")]),
  "select count(*), sum(cost) from ads where user_id in (%s)"%",".join(users))
v("ts.placement", ts(filter=is_("placement","story"),aggregations=[COUNT,dsum("c","cost")]),
  "select ts // 3600000 h, count(*), sum(cost) from ads where list_contains(placement,'story') group by h order by h",
  "select intDiv(ts,3600000) h, count(*), sum(cost) from ads where has(placement,'story') group by h order by h")
v("ts.qty_range", ts("orders",granularity="all",filter=and_(rng("quantity",2,4,"LONG"),rng("amount",100,500)),aggregations=[COUNT,dsum("a","amount")]),
  "select count(*), sum(amount) from orders where quantity between 2 and 4 and amount between 100 and 500")
v("ts.filtered_aggs", ts(granularity="hour",aggregations=[COUNT]+[{"type":"filtered","filter":is_("device",d),"aggregator":dsum("c%d"%i,"cost")} for i,d in enumerate(["iphone","ipad","android_phone","windows_pc"])]),
  "select ts // 3600000 h, count(*), sum(cost) filter (where device='iphone'), sum(cost) filter (where device='ipad'), sum(cost) filter (where device='android_phone'), sum(cost) filter (where device='windows_pc') from ads group by h order by h",
  "select intDiv(ts,3600000) h, count(*), sumIf(cost,device='iphone'), sumIf(cost,device='ipad'), sumIf(cost,device='android_phone'), sumIf(cost,device='windows_pc') from ads group by h order by h")
v("topn.city.cost", topn("city","c",20,aggregations=[COUNT,dsum("c","cost")]),
  "select city, count(*), sum(cost) c from ads group by city order by c desc limit 20")
v("topn.campaign.filter", topn("campaign_id","c",10,filter=and_(is_("os","ios"),is_("action","0")),aggregations=[COUNT,dsum("c","cost")]),
  "select campaign_id, count(*), sum(cost) c from ads where os='ios' and action=0 group by campaign_id order by c desc limit 10")
v("topn.user.filter", topn(long_dim("user_id"),"n",10,filter=is_("province","广东"),aggregations=[COUNT]),
  "select user_id, count(*) n from ads where province='广东' group by user_id order by n desc limit 10")
v("topn.advertiser.hll", topn("advertiser","u",10,aggregations=[HLL]),
  "select advertiser, approx_count_distinct(user_id) u from ads group by advertiser order by u desc limit 10")
v("topn.placement", topn("placement","c",10,filter=is_("channel","search"),aggregations=[COUNT,dsum("c","cost")]),
  "select unnest(placement) p, count(*), sum(cost) c from ads where channel='search' group by p order by c desc limit 10",
  "select arrayJoin(placement) p, count(*), sum(cost) c from ads where channel='search' group by p order by c desc limit 10")
v("gb.prov_device_os", gb("ads",["province","device","os"],aggregations=[COUNT,dsum("c","cost")],limitSpec=limit(1000,("c","descending"))),
  "select province, device, os, count(*), sum(cost) c from ads group by all order by c desc limit 1000",
  "select province, device, os, count(*), sum(cost) c from ads group by province, device, os order by c desc limit 1000")
v("gb.ad_device", gb("ads",["ad_id","device"],aggregations=[COUNT,dsum("c","cost")],limitSpec=limit(100,("c","descending"))),
  "select ad_id, device, count(*), sum(cost) c from ads group by all order by c desc limit 100",
  "select ad_id, device, count(*), sum(cost) c from ads group by ad_id, device order by c desc limit 100")
v("gb.ad_city", gb("ads",["ad_id","city"],aggregations=[COUNT],limitSpec=limit(100,("n","descending"))),
  "select ad_id, city, count(*) n from ads group by all order by n desc limit 100",
  "select ad_id, city, count(*) n from ads group by ad_id, city order by n desc limit 100")
v("gb.city_user", gb("orders",["city",long_dim("user_id")],aggregations=[COUNT,dsum("a","amount")],limitSpec=limit(100,("a","descending"))),
  "select city, user_id, count(*) n, sum(amount) a from orders group by all order by a desc limit 100",
  "select city, user_id, count(*) n, sum(amount) a from orders group by city, user_id order by a desc limit 100")
v("gb.user.orders.having", gb("orders",[long_dim("user_id")],aggregations=[COUNT,dsum("a","amount")],having={"type":"greaterThan","aggregation":"n","value":20},limitSpec=limit(100,("a","descending"))),
  "select user_id, count(*) n, sum(amount) a from orders group by user_id having count(*) > 20 order by a desc limit 100")
v("gb.hour.category", gb("orders",["category","status"],granularity="hour",aggregations=[COUNT,dsum("a","amount"),lmax("m","amount")]),
  "select ts // 3600000 h, category, status, count(*), sum(amount), max(amount) from orders group by all order by h, category, status",
  "select intDiv(ts,3600000) h, category, status, count(*), sum(amount), max(amount) from orders group by h, category, status order by h, category, status")
v("gb.regex", gb("ads",["province"],filter={"type":"regex","dimension":"advertiser","pattern":"_(games|auto)_"},aggregations=[COUNT,dsum("c","cost")]),
  "select province, count(*), sum(cost) from ads where regexp_matches(advertiser,'_(games|auto)_') group by province order by province",
  "select province, count(*), sum(cost) from ads where match(toString(advertiser),'_(games|auto)_') group by province order by province")
v("gb.expr", gb("ads",["device"],virtualColumns=[{"type":"expression","name":"x","expression":"cost * 2 + bid","outputType":"DOUBLE"}],aggregations=[COUNT,dsum("c","x")]),
  "select device, count(*), sum(cost*2+bid) from ads group by device order by device")
v("gb.expr_case", gb("ads",["v"],virtualColumns=[{"type":"expression","name":"v","expression":"case_searched(bid > 2, 'high', bid > 1, 'mid', 'low')","outputType":"STRING"}],aggregations=[COUNT,dsum("c","cost")]),
  "select case when bid>2 then 'high' when bid>1 then 'mid' else 'low' end v, count(*), sum(cost) from ads group by v order by v")
v("gb.substr", gb("ads",[{"type":"extraction","dimension":"ad_id","outputName":"p","extractionFn":{"type":"substring","index":0,"length":5}}],aggregations=[COUNT,dsum("c","cost")]),
  "select substr(ad_id::varchar,1,5) p, count(*), sum(cost) from ads group by p order by p",
  "select substring(toString(ad_id),1,5) p, count(*), sum(cost) from ads group by p order by p")
v("gb.hll", gb("orders",["province"],aggregations=[HLL]),
  "select province, approx_count_distinct(user_id) from orders group by province order by province")
v("gb.quantile.city", gb("orders",["city"],**quantiles("amount")),
  "select city, approx_quantile(amount,[0.5,0.9,0.99]) from orders group by city",
  "select city, quantiles(0.5,0.9,0.99)(amount) from orders group by city")
v("gb.quantile.ad", dict(gb("ads",["ad_id"],limitSpec=limit(100,("n","descending")),**quantiles("bid")),aggregations=[COUNT]+quantiles("bid")["aggregations"]),
  "select ad_id, count(*) n, approx_quantile(bid,[0.5,0.9,0.99]) from ads group by ad_id order by n desc limit 100",
  "select ad_id, count(*) n, quantiles(0.5,0.9,0.99)(bid) from ads group by ad_id order by n desc limit 100")
v("gb.interval", dict(gb("ads",["ad_id"],aggregations=[COUNT,dsum("c","cost")],limitSpec=limit(100,("c","descending"))),intervals="2026-01-05T09:30/2026-01-05T12:10"),
  "select ad_id, count(*), sum(cost) c from ads where ts>=1767605400000 and ts<1767615000000 group by ad_id order by c desc limit 100")
v("gb.long.quantity", gb("orders",[long_dim("quantity")],aggregations=[COUNT,dsum("a","amount")]),
  "select quantity, count(*), sum(amount) from orders group by quantity order by quantity")
v("gb.double.bid", gb("ads",[{"type":"default","dimension":"bid","outputName":"bid","outputType":"DOUBLE"}],aggregations=[COUNT,dsum("c","cost")],limitSpec=limit(100,("n","descending"))),
  "select bid, count(*) n, sum(cost) from ads group by bid order by n desc limit 100")
v("scan.last", dict(queryType="scan",dataSource="orders",intervals=DAY,order="descending",limit=500,resultFormat="compactedList",columns=["__time","order_id","user_id","province","amount"],filter=and_(is_("status","refunded"),rng("amount",1000))),
  "select ts, order_id, user_id, province, amount from orders where status='refunded' and amount>=1000 order by ts desc limit 500")
v("scan.user", dict(queryType="scan",dataSource="ads",intervals=DAY,limit=1000,resultFormat="compactedList",columns=["__time","ad_id","city","cost"],filter=is_("user_id","261552634")),
  "select ts, ad_id, city, cost from ads where user_id=261552634 limit 1000")
v("ts.like_prefix", ts(filter={"type":"like","dimension":"city","pattern":"Qing%"},aggregations=[COUNT,dsum("c","cost")]),
  "select ts // 3600000 h, count(*), sum(cost) from ads where city like 'Qing%' group by h order by h",
  "select intDiv(ts,3600000) h, count(*), sum(cost) from ads where toString(city) like 'Qing%' group by h order by h")
v("ts.null_price", ts(granularity="all",filter=not_({"type":"null","column":"price"}),aggregations=[COUNT,dsum("p","price")]),
  "select count(*), sum(price) from ads where price is not null")
v("ts.avg_post", ts(granularity="hour",filter=inq("channel",["search","map_poi","app_store"]),aggregations=[COUNT,dsum("c","cost"),dsum("b","bid")],postAggregations=[{"type":"arithmetic","name":"avg","fn":"/","fields":[{"type":"fieldAccess","fieldName":"c"},{"type":"fieldAccess","fieldName":"n"}]}]),
  "select ts // 3600000 h, count(*), sum(cost), sum(bid), sum(cost)/count(*) from ads where channel in ('search','map_poi','app_store') group by h order by h")
v("gb.first_last", gb("ads",["device"],aggregations=[{"type":"doubleLast","name":"l","fieldName":"bid"},{"type":"doubleFirst","name":"f","fieldName":"bid"}]),
  "select device, arg_max(bid,ts), arg_min(bid,ts) from ads group by device order by device",
  "select device, argMax(bid,ts), argMin(bid,ts) from ads group by device order by device")
v("ts.distinct_filter", ts(granularity="hour",filter=is_("action","1"),aggregations=[HLL]),
  "select ts // 3600000 h, approx_count_distinct(user_id) from ads where action=1 group by h order by h")
v("gb.theta", gb("ads",["province"],aggregations=[{"type":"thetaSketch","name":"t","fieldName":"user_id","size":4096}]),
  "select province, approx_count_distinct(user_id) from ads group by province order by province")
v("gb.expr_filter", ts(granularity="all",filter={"type":"expression","expression":"cost > bid * 0.1"},aggregations=[COUNT]),
  "select count(*) from ads where cost > bid*0.1")
v("gb.day_hour_dim", gb("ads",["h","device"],virtualColumns=[{"type":"expression","name":"h","expression":"timestamp_extract(__time,'HOUR')","outputType":"LONG"}],aggregations=[COUNT]),
  "select (ts // 3600000) % 24 h, device, count(*) from ads group by all order by h, device",
  "select intDiv(ts,3600000) % 24 h, device, count(*) from ads group by h, device order by h, device")
v("gb.timefmt", gb("ads",[{"type":"extraction","dimension":"__time","outputName":"h","extractionFn":{"type":"timeFormat","format":"HH"}},"device"],aggregations=[COUNT]),
  "select strftime(make_timestamp(ts*1000),'%H') h, device, count(*) from ads group by all",
  "select formatDateTime(toDateTime(intDiv(ts,1000),'UTC'),'%H') h, device, count(*) from ads group by h, device")
v("gb.concat", gb("ads",["v"],virtualColumns=[{"type":"expression","name":"v","expression":"concat(province,'-',device)","outputType":"STRING"}],aggregations=[COUNT]),
  "select province || '-' || device v, count(*) from ads group by v",
  "select concat(toString(province),'-',toString(device)) v, count(*) from ads group by v")
v("gb.bucket_cost", gb("ads",["v"],virtualColumns=[{"type":"expression","name":"v","expression":"floor(cost * 10) / 10","outputType":"DOUBLE"}],aggregations=[COUNT]),
  "select floor(cost*10)/10 v, count(*) from ads group by v order by v")
v("gb.bucket_amount", gb("orders",["v"],virtualColumns=[{"type":"expression","name":"v","expression":"floor(amount / 100) * 100","outputType":"DOUBLE"}],aggregations=[COUNT]),
  "select floor(amount/100)*100 v, count(*) from orders group by v order by v")
v("ts.sum_if", ts(granularity="hour",aggregations=[{"type":"doubleSum","name":"x","expression":"if(device == 'iphone', cost, 0)"},{"type":"doubleSum","name":"y","expression":"bid - cost"}]),
  "select ts // 3600000 h, sum(case when device='iphone' then cost else 0 end), sum(bid-cost) from ads group by h order by h")
v("gb.tfloor", gb("ads",["v"],virtualColumns=[{"type":"expression","name":"v","expression":"timestamp_floor(__time,'PT15M',null,'Asia/Shanghai')","outputType":"LONG"}],aggregations=[COUNT,dsum("c","cost")]),
  "select ts // 900000 v, count(*), sum(cost) from ads group by v order by v")
v("ts.expr_filter", ts(granularity="all",filter={"type":"expression","expression":"province == '广东' && (device == 'ipad' || bid > 3)"},aggregations=[COUNT]),
  "select count(*) from ads where province = '广东' and (device = 'ipad' or bid > 3)")
v("gb.mod", gb("ads",["v"],virtualColumns=[{"type":"expression","name":"v","expression":"user_id % 16","outputType":"LONG"}],aggregations=[COUNT]),
  "select user_id % 16 v, count(*) from ads group by v order by v")
v("ts.bound_number", dict(ts("orders",granularity="all",filter={"type":"bound","dimension":"amount","lower":"100","upper":"200","ordering":"numeric"},aggregations=[COUNT])),
  "select count(*) from orders where amount >= 100 and amount <= 200")

v("gb.user.hour", gb("ads",[long_dim("user_id")],granularity="hour",aggregations=[COUNT,dsum("c","cost")],limitSpec=limit(100,("c","descending"))),
  "select ts // 3600000 h, user_id, count(*), sum(cost) c from ads group by all order by h, c desc limit 100",
  "select intDiv(ts,3600000) h, user_id, count(*), sum(cost) c from ads group by h, user_id order by h, c desc limit 100")
v("gb.ad_user", gb("ads",["ad_id",long_dim("user_id")],aggregations=[COUNT],limitSpec=limit(100,("n","descending"))),
  "select ad_id, user_id, count(*) n from ads group by all order by n desc limit 100",
  "select ad_id, user_id, count(*) n from ads group by ad_id, user_id order by n desc limit 100")
v("gb.user_device", gb("ads",[long_dim("user_id"),"device"],aggregations=[COUNT,dsum("c","cost")],limitSpec=limit(100,("c","descending"))),
  "select user_id, device, count(*), sum(cost) c from ads group by all order by c desc limit 100",
  "select user_id, device, count(*), sum(cost) c from ads group by user_id, device order by c desc limit 100")
v("gb.order_id", gb("orders",[long_dim("order_id")],aggregations=[dsum("c","amount")],limitSpec=limit(100,("c","descending"))),
  "select order_id, sum(amount) c from orders group by all order by c desc limit 100",
  "select order_id, sum(amount) c from orders group by order_id order by c desc limit 100")

# Sketches and extremes over time and under filters, nested queries, wider keys.
v("ts.hour.hll.filter", ts(filter=is_("device","iphone"),aggregations=[COUNT,HLL]),
  "select ts // 3600000 h, count(*), approx_count_distinct(user_id) from ads where device='iphone' group by h order by h")
v("ts.hour.theta", ts(aggregations=[{"type":"thetaSketch","name":"t","fieldName":"user_id","size":4096}]),
  "select ts // 3600000 h, approx_count_distinct(user_id) from ads group by h order by h")
v("ts.hour.quantiles", ts("orders",**quantiles("amount")),
  "select ts // 3600000 h, approx_quantile(amount,[0.5,0.9,0.99]) from orders group by h order by h",
  "select intDiv(ts,3600000) h, quantiles(0.5,0.9,0.99)(amount) from orders group by h order by h")
v("gb.status.quantiles", gb("orders",["status"],filter=rng("amount",50),**quantiles("amount")),
  "select status, approx_quantile(amount,[0.5,0.9,0.99]) from orders where amount>=50 group by status",
  "select status, quantiles(0.5,0.9,0.99)(amount) from orders where amount>=50 group by status")
v("topn.campaign.max", topn("campaign_id","m",20,filter=is_("os","android"),aggregations=[lmax("m","bid"),lmin("l","bid")]),
  "select campaign_id, max(bid) m, min(bid) from ads where os='android' group by campaign_id order by m desc limit 20")
v("topn.ad.ratio", topn("ad_id","r",50,aggregations=[COUNT,dsum("c","cost")],postAggregations=[{"type":"arithmetic","name":"r","fn":"/","fields":[{"type":"fieldAccess","fieldName":"c"},{"type":"fieldAccess","fieldName":"n"}]}]),
  "select ad_id, count(*) n, sum(cost) c, sum(cost)/count(*) r from ads group by ad_id order by r desc limit 50")
v("topn.user.count", topn(long_dim("user_id"),"n",100,filter=is_("action","1"),aggregations=[COUNT]),
  "select user_id, count(*) n from ads where action=1 group by user_id order by n desc limit 100")
v("gb.channel_os_device_hour", gb("ads",["channel","os","device"],granularity="hour",aggregations=[COUNT,dsum("c","cost"),dsum("b","bid")]),
  "select ts // 3600000 h, channel, os, device, count(*), sum(cost), sum(bid) from ads group by all",
  "select intDiv(ts,3600000) h, channel, os, device, count(*), sum(cost), sum(bid) from ads group by h, channel, os, device")
v("gb.minute", gb("ads",["device"],granularity="minute",filter=inq("province",["四川","湖北","湖南"]),aggregations=[COUNT,dsum("c","cost")]),
  "select ts // 60000 m, device, count(*), sum(cost) from ads where province in ('四川','湖北','湖南') group by m, device",
  "select intDiv(ts,60000) m, device, count(*), sum(cost) from ads where province in ('四川','湖北','湖南') group by m, device")
v("gb.city.having", gb("orders",["city","status"],filter=not_(is_("pay_type","cod")),aggregations=[COUNT,dsum("a","amount")],having={"type":"greaterThan","aggregation":"a","value":1000000}),
  "select city, status, count(*), sum(amount) a from orders where pay_type<>'cod' group by city, status having a>1000000",
  "select city, status, count(*), sum(amount) a from orders where pay_type<>'cod' group by city, status having a>1000000")
v("gb.placement_device", gb("ads",["placement","device"],aggregations=[COUNT,dsum("c","cost")]),
  "select unnest(placement) p, device, count(*), sum(cost) from ads group by p, device",
  "select arrayJoin(placement) p, device, count(*), sum(cost) from ads group by p, device")
v("gb.campaign.distinct", gb("ads",["campaign_id"],aggregations=[HLL,dsum("c","cost")],limitSpec=limit(100,("c","descending"))),
  "select campaign_id, approx_count_distinct(user_id), sum(cost) c from ads group by campaign_id order by c desc limit 100")
v("gb.user.sessions", dict(queryType="groupBy",dataSource={"type":"query","query":gb("ads",[long_dim("user_id")],aggregations=[COUNT])},granularity="all",intervals=DAY,dimensions=[long_dim("n")],aggregations=[{"type":"count","name":"users"}],limitSpec=limit(100,("users","descending"))),
  "select n, count(*) users from (select user_id, count(*) n from ads group by user_id) t group by n order by users desc limit 100")
v("ts.or_users", ts(granularity="all",filter={"type":"or","fields":[is_("user_id","100478711"),is_("ad_id","77"),rng("bid",8)]},aggregations=[COUNT,dsum("c","cost")]),
  "select count(*), sum(cost) from ads where user_id=100478711 or ad_id='77' or bid>=8")
v("ts.extremes", ts(aggregations=[lmax("a","bid"),lmin("b","bid"),lmax("c","cost"),lmin("d","cost")]),
  "select ts // 3600000 h, max(bid), min(bid), max(cost), min(cost) from ads group by h order by h")
v("gb.advertiser.all", gb("ads",["advertiser"],aggregations=[COUNT,dsum("c","cost"),dsum("b","bid"),lmax("m","bid"),filtered("k",is_("action","1"))],limitSpec=limit(50,("c","descending"))),
  "select advertiser, count(*), sum(cost) c, sum(bid), max(bid), count(*) filter (where action=1) from ads group by advertiser order by c desc limit 50",
  "select advertiser, count(*), sum(cost) c, sum(bid), max(bid), countIf(action=1) from ads group by advertiser order by c desc limit 50")
v("gb.user.filter", gb("ads",[long_dim("user_id")],filter=is_("province","广东"),aggregations=[COUNT,dsum("c","cost")],limitSpec=limit(100,("c","descending"))),
  "select user_id, count(*), sum(cost) c from ads where province='广东' group by user_id order by c desc limit 100")
v("gb.user_city.filter", gb("orders",[long_dim("user_id"),"city"],filter=is_("status","refunded"),aggregations=[dsum("a","amount")],limitSpec=limit(100,("a","descending"))),
  "select user_id, city, sum(amount) a from orders where status='refunded' group by user_id, city order by a desc limit 100")
v("ts.not_like", ts(granularity="all",filter=and_(not_({"type":"like","dimension":"city","pattern":"%an%"}),not_(is_("channel","search"))),aggregations=[COUNT,dsum("c","cost")]),
  "select count(*), sum(cost) from ads where city not like '%an%' and channel<>'search'")
v("gb.lookup_case", gb("ads",["v","device"],virtualColumns=[{"type":"expression","name":"v","expression":"case_searched(bid < 1, 'low', bid < 3, 'middle', 'high')","outputType":"STRING"}],aggregations=[COUNT,dsum("c","cost")]),
  "select case when bid<1 then 'low' when bid<3 then 'middle' else 'high' end v, device, count(*), sum(cost) from ads group by v, device",
  "select multiIf(bid<1,'low',bid<3,'middle','high') v, device, count(*), sum(cost) from ads group by v, device")

QUERIES = {name: forms[0] for name, forms in V.items()}
DUCKDB = {name: forms[1] for name, forms in V.items()}
CLICKHOUSE = {name: forms[2] for name, forms in V.items()}

if __name__ == "__main__":
    print(json.dumps({"queries": QUERIES, "specs": {t: ingestion_spec(t, "", "")["spec"] for t in ("ads", "orders")}}))
