"""What pydruid sends, and what it must read: python pydruid_checks.py URL."""

import csv
import json
import os
import sys
import tempfile
import urllib.error  # pydruid takes it for imported
import urllib.request

from pydruid.client import PyDruid
from pydruid.utils import aggregators as agg
from pydruid.utils import postaggregator as post
from pydruid.utils.dimensions import (
    DimensionSpec, ListFilteredSpec, MapLookupExtraction, PartialExtraction, RegexExtraction, RegexFilteredSpec,
    TimeFormatExtraction)
from pydruid.utils.filters import Bound, Dimension, Filter, Interval
from pydruid.utils.having import Aggregation

url = sys.argv[1]
DAYS = "2024-03-10/2024-03-12"
COUNT = {"count": agg.longsum("count")}
num, failures = 0, []


def check(name, got, want):
    global num
    num += 1
    if got != want:
        failures.append(f"{name}:\n  got  {json.dumps(got)}\n  want {json.dumps(want)}")


def client():
    return PyDruid(url, "druid/v2/")


def total(filter=None, **more):
    """The count of a timeseries over both days, and whatever else is asked."""
    aggregations = {**COUNT, **more.pop("aggregations", {})}
    rows = client().timeseries(
        datasource="ads", granularity="all", intervals=DAYS, aggregations=aggregations, filter=filter, **more).result
    (row,) = rows
    return row["result"] if len(row["result"]) > 1 else row["result"]["count"]


def groups(dimensions, **more):
    args = {"datasource": "ads", "granularity": "all", "intervals": DAYS, "aggregations": COUNT, **more}
    return [row["event"] for row in client().groupby(dimensions=dimensions, **args).result]


def timeseries():
    days = client().timeseries(
        datasource="ads", granularity="day", intervals=DAYS, descending=True, context={"timeout": 60000},
        aggregations={**COUNT, "cost": agg.doublesum("cost"), "clicks": agg.longsum("clicks")},
        post_aggregations={"each": post.Field("cost") / post.Field("count")})
    check("timeseries", days.result, [
        {"timestamp": "2024-03-11T00:00:00.000Z", "result": {"count": 3, "cost": 4.25, "clicks": 4, "each": 4.25 / 3}},
        {"timestamp": "2024-03-10T00:00:00.000Z", "result": {"count": 4, "cost": 8.5, "clicks": 4, "each": 2.125}}])
    check("period", client().timeseries(
        datasource="ads", intervals=["2024-03-10T00:00:00+08:00/P1D"], aggregations=COUNT,
        granularity={"type": "period", "period": "P1D", "timeZone": "Asia/Shanghai"}).result,
        [{"timestamp": "2024-03-10T00:00:00.000+08:00", "result": {"count": 4}}])
    check("lower case and bare years", [
        total(Interval("__time", ["2024-03-10t00:00/pt1h"])), total(Interval("__time", ["1000/3000"]))], [2, 7])
    check("union", client().timeseries(
        datasource=["ads", "none of these"], granularity="all", intervals=DAYS, aggregations=COUNT).result[0]["result"],
        {"count": 7})


def top():
    rows = client().topn(
        datasource="ads", granularity="all", intervals=DAYS, dimension="ad", metric="cost", threshold=2,
        aggregations={"cost": agg.doublesum("cost")})
    check("topn", rows.result, [
        {"timestamp": "2024-03-10T00:10:00.000Z", "result": [{"ad": "a3", "cost": 4.0}, {"ad": "a2", "cost": 3.5}]}])
    ask = {"datasource": "ads", "granularity": "all", "intervals": DAYS, "threshold": 100000, "aggregations": COUNT}
    check("topn by dimension", [
        row["ad"] for row in client().topn(
            dimension="ad", metric={"type": "inverted", "metric": {"type": "dimension", "ordering": "lexicographic"}},
            **ask).result[0]["result"]], ["a4", "a3", "a2", "a1"])
    check("topn alphaNumeric, of an extraction", client().topn(
        dimension=DimensionSpec("ad", "number", extraction_function=RegexExtraction("a(.)")),
        metric={"type": "alphaNumeric"}, **{**ask, "threshold": 1}).result[0]["result"], [{"number": "1", "count": 3}])


def group_by():
    check("groupby", client().groupby(
        datasource="ads", granularity="day", intervals=DAYS, dimensions=["channel"], aggregations=COUNT,
        filter=Dimension("ad") != "a3", having=Aggregation("count") > 1,
        limit_spec={"type": "default", "limit": 5, "columns": [{"dimension": "count", "direction": "descending"}]},
    ).result, [
        {"version": "v1", "timestamp": "2024-03-10T00:00:00.000Z", "event": {"channel": "web", "count": 2}},
        {"version": "v1", "timestamp": "2024-03-11T00:00:00.000Z", "event": {"channel": "web", "count": 2}}])
    check("nulls come first", groups(["channel"]),
          [{"channel": None, "count": 1}, {"channel": "app", "count": 2}, {"channel": "web", "count": 4}])
    having = {
        "equal": Aggregation("count") == 2, "less": Aggregation("count") < 2,
        "and": (Aggregation("count") > 1) & (Aggregation("count") < 4),
        "or": (Aggregation("count") == 1) | (Aggregation("count") == 4), "not": ~(Aggregation("count") == 4)}
    check("having", {name: [row["channel"] for row in groups(["channel"], having=one)] for name, one in having.items()}, {
        "equal": ["app"], "less": [None], "and": ["app"], "or": [None, "web"], "not": [None, "app"]})
    inner = client().sub_query(
        datasource="ads", granularity="day", intervals=DAYS, dimensions=["channel"], aggregations=COUNT)
    check("sub_query", client().groupby(
        datasource=inner, granularity="all", intervals=DAYS, dimensions=[],
        aggregations={"most": agg.longmax("count")}).result[0]["event"], {"most": 2})


def dimensions():
    check("lookup", groups([DimensionSpec("ad", "name", extraction_function=MapLookupExtraction(
        {"a1": "one"}, retain_missing_values=False, replace_missing_values="other"))]),
        [{"name": "one", "count": 3}, {"name": "other", "count": 4}])
    check("partial", groups([DimensionSpec("ad", "kept", extraction_function=PartialExtraction("[12]"))]),
          [{"kept": None, "count": 2}, {"kept": "a1", "count": 3}, {"kept": "a2", "count": 2}])
    check("timeFormat", groups([DimensionSpec("__time", "hour", extraction_function=TimeFormatExtraction(
        "HH", time_zone="Asia/Shanghai"))])[:2], [{"hour": "07", "count": 1}, {"hour": "08", "count": 3}])
    check("list filtered", groups([DimensionSpec("tags", "tag", filter_spec=ListFilteredSpec(["new"]))],
                                  filter=Dimension("tags") == "new"), [{"tag": "new", "count": 3}])
    check("regex filtered", groups([DimensionSpec("tags", "tag", filter_spec=RegexFilteredSpec("n.*"))],
                                   filter=Filter(type="in", dimension="tags", values=["new", "old"])),
          [{"tag": None, "count": 1}, {"tag": "new", "count": 3}])
    virtual = [{"type": "expression", "name": "v", "expression": "concat(ad, '!')", "outputType": "STRING"}]
    check("virtual columns", groups(["v"], virtualColumns=virtual)[0], {"v": "a1!", "count": 3})


def filters():
    web, app = Dimension("channel") == "web", Dimension("channel") == "app"
    check("filters", {
        "selector": total(web), "null": total(Dimension("channel") == None),  # noqa: E711
        "not": total(~(Dimension("channel") == "web")), "or": total(web | (Dimension("channel") == "app")),
        "and": total((Dimension("channel") == "web") & (Dimension("ad") == "a4")), "both": total(web & app),
        "in": total(Filter(type="in", dimension="ad", values=["a1", "a4"])),
        "regex": total(Filter(type="regex", dimension="ad", pattern="[34]$")),
        "like": total(Filter(type="like", dimension="ad", pattern="a_")),
        "bound": total(Bound("ad", lower="a2", upper="a3", upperStrict=True)),
        "numbers": total(Bound("slot", lower="2", ordering="numeric")),
        "alphaNumeric": total(Bound("slot", upper="3", alphaNumeric=True, ordering="alphanumeric")),
        "text": total(Bound("slot", upper="2", upperStrict=True)),
        "search": total(Filter(type="search", dimension="ad", value="A1")),
        "columns": total(Filter(type="columnComparison", dimensions=["ad", "user"])),
        "interval": total(Interval("__time", ["2024-03-10T00:00:00.000Z/PT1H", "2024-03-11/P1D"])),
        "extraction": total(Filter(
            dimension="ad", value="1", extraction_function=RegexExtraction("a(.)"))),
    }, {
        "selector": 4, "null": 1, "not": 2, "or": 6, "and": 1, "both": None, "in": 4, "regex": 2, "like": 7, "bound": 2,
        "numbers": 4, "alphaNumeric": 6, "text": 4, "search": 3, "columns": None, "interval": 5, "extraction": 3})


def aggregates():
    check("aggregates", total(aggregations={
        "rows": {"type": "count", "fieldName": "ignored"}, "min": agg.doublemin("cost"), "max": agg.doublemax("cost"),
        "longest": agg.longmax("slot"), "least": agg.longmin("slot"), "web": agg.filtered(Dimension("channel") == "web", agg.longsum("count")),
        "first": agg.stringfirst("ad"), "last": agg.stringlast("ad")}), {
        "rows": 7, "min": 0.25, "max": 4.0, "longest": 10, "least": 1, "web": 4, "first": "a1", "last": "a1", "count": 7})
    def stored():
        return post.ThetaSketch("theta")

    def raw():
        return post.ThetaSketch("raw")

    distinct = total(aggregations={
        "users": agg.hyperunique("users"), "channels": agg.cardinality("channel"),
        "theta": agg.thetasketch("users_theta", isinputthetasketch=True), "raw": agg.thetasketch("user")},
        post_aggregations={
            "estimate": post.ThetaSketchEstimate(stored()), "unique": post.HyperUniqueCardinality("users"),
            "union": post.ThetaSketchEstimate(stored() | raw()), "both": post.ThetaSketchEstimate(stored() & raw()),
            "none": post.ThetaSketchEstimate(stored() != raw())})
    check("distinct", {name: round(value) for name, value in distinct.items()}, {
        "users": 4, "channels": 2, "theta": 4, "raw": 4, "estimate": 4, "unique": 4, "union": 4, "both": 4, "none": 0, "count": 7})
    check("theta is exact", distinct["theta"], 4.0)
    check("quantiles and the rest", total(
        aggregations={"costs": agg.quantilesDoublesSketch("costs"), "clicks": agg.longsum("clicks"), "cost": agg.doublesum("cost")},
        post_aggregations={
            "median": post.QuantilesDoublesSketchToQuantile("median", "costs", 0.5),
            "sum": (post.Field("clicks") + post.Const(2)) * post.Field("cost"), "less": post.Field("clicks") - post.Const(1),
            "zero": post.Field("clicks") / post.Const(0), "greatest": post.DoubleGreatest([post.Field("clicks"), post.Field("cost")]),
            "least": post.LongLeast([post.Field("clicks"), post.Field("count")])}), {
        "costs": 7, "clicks": 8, "cost": 12.75, "median": 1.5, "sum": 127.5, "less": 7.0, "zero": 0.0,
        "greatest": 12.75, "least": 7, "count": 7})


def rows_and_metadata():
    scan = client().scan(datasource="ads", intervals=["2024-03-11/P1D"], columns=["__time", "ad", "tags"], limit=2)
    (part,) = scan.result
    check("scan", part["events"], [
        {"__time": 1710115200000, "ad": "a2", "tags": "old"}, {"__time": 1710162000000, "ad": "a4", "tags": ["new", "old"]}])
    druid = client()
    search = druid.query_builder.search({
        "datasource": "ads", "granularity": "all", "intervals": DAYS, "searchDimensions": ["tags", "ad"],
        "query": {"type": "insensitive_contains", "value": "E"}, "sort": {"type": "lexicographic"}, "limit": 10})
    check("search", druid._post(search).result, [
        {"timestamp": "2024-03-10T00:00:00.000Z", "result": [
            {"dimension": "tags", "value": "new", "count": 3}, {"dimension": "tags", "value": "sale", "count": 2}]}])
    (facts,) = client().segment_metadata(
        datasource="ads", intervals=[DAYS], analysisTypes=["cardinality", "size", "interval", "minmax"], merge=True).result
    types = {name: column["type"] for name, column in facts["columns"].items()}
    check("segment_metadata", types, {
        "__time": "LONG", "channel": "STRING", "ad": "STRING", "tags": "STRING", "user": "STRING", "slot": "LONG",
        "count": "LONG", "clicks": "LONG", "cost": "DOUBLE", "users": "hyperUnique", "users_hll": "HLLSketch",
        "users_theta": "thetaSketch", "costs": "quantilesDoublesSketch"})
    check("its columns", [facts["columns"]["tags"]["hasMultipleValues"], facts["columns"]["ad"]["maxValue"],
                          facts["numRows"]], [True, "a4", 7])
    check("time_boundary", client().time_boundary(datasource="ads").result, [
        {"timestamp": "2024-03-10T00:10:00.000Z", "result": {
            "minTime": "2024-03-10T00:10:00.000Z", "maxTime": "2024-03-11T23:59:59.999Z"}}])


def exports():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.tsv")
        druid = client()
        druid.groupby(datasource="ads", granularity="all", intervals=DAYS, dimensions=["ad"], aggregations=COUNT)
        druid.export_tsv(path)
        with open(path, newline="") as file:
            rows = [{name: row[name] for name in ("ad", "count")} for row in csv.DictReader(file, delimiter="\t")]
        check("export_tsv", rows[0], {"ad": "a1", "count": "3"})


def told(call):
    try:
        call()
    except OSError as error:
        return str(error)
    return "no error"


def errors():
    check("a bad question is told", "HTTP Error 400" in told(lambda: client().timeseries(
        datasource="ads", granularity="fortnightly", intervals=DAYS, aggregations=COUNT)), True)
    check("select is told", "scan" in told(lambda: client().select(
        datasource="ads", granularity="all", intervals=DAYS, dimensions=[], metrics=[], paging_spec={"threshold": 1})), True)
    check("nothing there is nothing", client().groupby(
        datasource="nothing", granularity="all", intervals=DAYS, dimensions=["ad"], aggregations=COUNT).result, [])


for part in (timeseries, top, group_by, dimensions, filters, aggregates, rows_and_metadata, exports, errors):
    part()
print(f"pydruid: {num - len(failures)} of {num}")
if failures:
    sys.exit("\n".join(failures))
