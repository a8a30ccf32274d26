"""The 21 dashboard queries as Druid native JSON, over the tables of generate.py (ads: one row per event, orders likewise).

Both tables without roll-up: string dimensions, `user_id`, `action`, `order_id`, `quantity` as long dimensions, `placement` multi-value, and
`cost`, `bid`, `price`, `amount` as double dimensions. The day is 2026-01-05 UTC.
"""
DAY = "2026-01-05/2026-01-06"
HOUR23 = "2026-01-05T23:00:00Z/2026-01-06"
COUNT = {"type": "count", "name": "n"}
def dsum(name, field): return {"type": "doubleSum", "name": name, "fieldName": field}
def is_(dim, value): return {"type": "selector", "dimension": dim, "value": value}
def long_dim(dim): return {"type": "default", "dimension": dim, "outputName": dim, "outputType": "LONG"}
def filtered(name, flt): return {"type": "filtered", "name": name, "filter": flt, "aggregator": {"type": "count", "name": name}}
HLL = {"type": "HLLSketchBuild", "name": "u", "fieldName": "user_id", "lgK": 12, "round": True}
def quantiles(field): return dict(
    aggregations=[{"type": "quantilesDoublesSketch", "name": "s", "fieldName": field, "k": 128}],
    postAggregations=[{"type": "quantilesDoublesSketchToQuantiles", "name": "q", "fractions": [0.5, 0.9, 0.99], "field": {"type": "fieldAccess", "fieldName": "s"}}])
def limit(n, *cols): return {"type": "default", "limit": n, "columns": [dict(dimension=c, direction=d) for c, d in cols]}
def ts(table="ads", granularity="hour", intervals=DAY, **kw): return dict(queryType="timeseries", dataSource=table, granularity=granularity, intervals=intervals, **kw)
def gb(table, dims, granularity="all", **kw): return dict(queryType="groupBy", dataSource=table, granularity=granularity, intervals=DAY, dimensions=dims, **kw)
def topn(dim, metric, threshold, **kw): return dict(queryType="topN", dataSource="ads", granularity="all", intervals=DAY, dimension=dim, metric=metric, threshold=threshold, **kw)

QUERIES = {
 "Q1": ts(aggregations=[COUNT, dsum("c", "cost"), dsum("b", "bid")]),
 "Q2": ts(filter=is_("province", "广东"), aggregations=[COUNT, dsum("c", "cost")]),
 "Q3": ts(granularity="all", aggregations=[COUNT, dsum("c", "cost")], filter={"type": "or", "fields": [
     {"type": "and", "fields": [{"type": "in", "dimension": "province", "values": ["广东", "浙江", "江苏", "上海", "北京"]}, is_("device", "iphone")]},
     {"type": "and", "fields": [is_("channel", "search"), {"type": "not", "field": {"type": "or", "fields": [is_("os", "android"), is_("os", "harmonyos")]}}]}]}),
 "Q4": topn("ad_id", "n", 10, filter=is_("action", "1"), aggregations=[COUNT]),
 "Q5": topn(long_dim("user_id"), "c", 100, aggregations=[dsum("c", "cost")]),
 "Q6": gb("orders", ["province", "city"], aggregations=[COUNT, dsum("a", "amount")], limitSpec=limit(10000, ("a", "descending"))),
 "Q7": gb("ads", ["ad_id"], granularity="hour", aggregations=[COUNT, dsum("c", "cost")], limitSpec=limit(1000, ("c", "descending"))),
 "Q8": gb("ads", [long_dim("user_id")], aggregations=[COUNT, dsum("c", "cost"), {"type": "doubleMax", "name": "b", "fieldName": "bid"}],
          limitSpec={"type": "default", "limit": 1000, "columns": [{"dimension": "user_id", "direction": "ascending", "dimensionOrder": "numeric"}]}),
 "Q9": ts(granularity="all", aggregations=[HLL]),
 "Q10": ts(aggregations=[HLL]),
 "Q11": gb("ads", ["campaign_id"], aggregations=[filtered("k", is_("action", "1")), filtered("i", is_("action", "0"))],
           postAggregations=[{"type": "arithmetic", "name": "ctr", "fn": "quotient", "fields": [{"type": "fieldAccess", "fieldName": "k"}, {"type": "fieldAccess", "fieldName": "i"}]}]),
 "Q12": gb("ads", ["device"], filter={"type": "not", "field": {"type": "null", "column": "price"}}, **quantiles("price")),
 "Q12b": gb("ads", ["device"], **quantiles("bid")),
 "Q13": ts(granularity="all", aggregations=[COUNT, dsum("c", "cost")], filter={"type": "and", "fields": [
     {"type": "like", "dimension": "city", "pattern": "%zhou%"}, {"type": "regex", "dimension": "ad_id", "pattern": "[37][0-9]$"}]}),
 "Q14": ts(granularity="all", aggregations=[COUNT, dsum("c", "cost"), dsum("b", "bid")], filter={"type": "and", "fields": [
     {"type": "range", "column": "bid", "matchValueType": "DOUBLE", "lower": 1.0, "upper": 2.0}, {"type": "range", "column": "cost", "matchValueType": "DOUBLE", "lower": 0.1, "lowerOpen": True}]}),
 "Q15": gb("ads", [long_dim("action")], filter=is_("user_id", "100478711"), aggregations=[COUNT, dsum("c", "cost")]),
 "Q16": ts(granularity="minute", intervals=HOUR23, aggregations=[COUNT, dsum("c", "cost")]),
 "Q17": gb("orders", ["province", "city"], aggregations=[dsum("a", "amount")], limitSpec=limit(10000, ("province", "ascending"), ("a", "descending"))),
 "Q18": gb("ads", ["placement"], aggregations=[COUNT, dsum("c", "cost")]),
 "Q19": gb("orders", ["category", "city", "pay_type"], aggregations=[COUNT, dsum("a", "amount")],
           having={"type": "greaterThan", "aggregation": "n", "value": 100}, limitSpec=limit(50, ("a", "descending"))),
 "Q20": dict(queryType="scan", dataSource="ads", intervals=DAY, order="descending", limit=1000, resultFormat="compactedList",
             columns=["__time", "ad_id", "campaign_id", "advertiser", "province", "city", "device", "os", "channel", "action", "user_id", "cost", "bid", "price", "placement"],
             filter={"type": "and", "fields": [is_("province", "四川"), is_("device", "iphone"), is_("action", "1")]}),
}
CONTEXT = {"useCache": False, "populateCache": False, "useResultLevelCache": False, "populateResultLevelCache": False}

ADS = dict(time="ts", strings=["ad_id", "campaign_id", "advertiser", "province", "city", "device", "os", "channel", "placement"], longs=["action", "user_id"], doubles=["cost", "bid", "price"])
ORDERS = dict(time="ts", strings=["province", "city", "category", "status", "pay_type"], longs=["order_id", "user_id", "quantity"], doubles=["amount"])

def ingestion_spec(table, directory, pattern):
    """index_parallel spec for NDJSON files of the generator; one task, no roll-up, day segments of at most 5 M rows."""
    c = ADS if table == "ads" else ORDERS
    dims = c["strings"] + [{"type": "long", "name": n} for n in c["longs"]] + [{"type": "double", "name": n} for n in c["doubles"]]
    return {"type": "index_parallel", "spec": {
        "dataSchema": {"dataSource": table, "timestampSpec": {"column": c["time"], "format": "millis"}, "dimensionsSpec": {"dimensions": dims}, "metricsSpec": [],
                       "granularitySpec": {"type": "uniform", "segmentGranularity": "DAY", "queryGranularity": "NONE", "rollup": False, "intervals": [DAY]}},
        "ioConfig": {"type": "index_parallel", "inputSource": {"type": "local", "baseDir": directory, "filter": pattern}, "inputFormat": {"type": "json"}},
        "tuningConfig": {"type": "index_parallel", "maxNumConcurrentSubTasks": 1, "maxRowsInMemory": 500000, "partitionsSpec": {"type": "dynamic", "maxRowsPerSegment": 5000000, "maxTotalRows": 20000000}}}}

if __name__ == "__main__":
    import json
    print(json.dumps({"queries": QUERIES, "specs": {t: ingestion_spec(t, "", "")["spec"] for t in ("ads", "orders")}}))
