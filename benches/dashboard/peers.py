"""The 21 dashboard queries on DuckDB, Polars, ClickHouse (chdb) and DataFusion, each on one thread, over the Parquet files of
generate.py: held in memory, ClickHouse's in a table without compression. Strings are enums, categoricals or dictionaries."""
import atexit, time

DAY0 = 1767571200000
HOUR = 3600000
P = "('广东','浙江','江苏','上海','北京')"
H23 = f"ts >= {DAY0 + 23 * HOUR} and ts < {DAY0 + 24 * HOUR}"

SQL = {
    "Q1": f"select ts // {HOUR} h, count(*), sum(cost), sum(bid) from ads group by h order by h",
    "Q2": f"select ts // {HOUR} h, count(*), sum(cost) from ads where province = '广东' group by h order by h",
    "Q3": f"select count(*), sum(cost) from ads where (province in {P} and device = 'iphone') or (channel = 'search' and not (os = 'android' or os = 'harmonyos'))",
    "Q4": "select ad_id, count(*) n from ads where action = 1 group by ad_id order by n desc, ad_id limit 10",
    "Q5": "select user_id, sum(cost) c from ads group by user_id order by c desc limit 100",
    "Q6": "select province, city, count(*) n, sum(amount) a from orders group by province, city order by a desc limit 10000",
    "Q7": f"select ts // {HOUR} h, ad_id, count(*) n, sum(cost) c from ads group by h, ad_id order by h, c desc limit 1000",
    "Q8": "select user_id, count(*) n, sum(cost) c, max(bid) b from ads group by user_id order by user_id limit 1000",
    "Q9": "select approx_count_distinct(user_id) from ads",
    "Q10": f"select ts // {HOUR} h, approx_count_distinct(user_id) from ads group by h order by h",
    "Q11": "select campaign_id, count(*) filter (where action = 1) k, count(*) filter (where action = 0) i, k / i from ads group by campaign_id order by campaign_id",
    "Q12": "select device, approx_quantile(price, [0.5, 0.9, 0.99]) from ads where price is not null group by device",
    "Q12b": "select device, approx_quantile(bid, [0.5, 0.9, 0.99]) from ads group by device",
    "Q13": "select count(*), sum(cost) from ads where city like '%zhou%' and regexp_matches(ad_id, '[37][0-9]$')",
    "Q14": "select count(*), sum(cost), sum(bid) from ads where bid >= 1.0 and bid <= 2.0 and cost > 0.1",
    "Q15": "select action, count(*), sum(cost) from ads where user_id = 100478711 group by action",
    "Q16": f"select ts // 60000 m, count(*), sum(cost) from ads where {H23} group by m order by m",
    "Q17": "select province, city, sum(amount) a from orders group by province, city order by province, a desc limit 10000",
    "Q18": "select unnest(placement) p, count(*), sum(cost) from ads group by p",
    "Q19": "select category, city, pay_type, count(*) n, sum(amount) a from orders group by category, city, pay_type having count(*) > 100 order by a desc limit 50",
    "Q20": "select * from ads where province = '四川' and device = 'iphone' and action = 1 order by ts desc limit 1000",
}


def cpu_of(run, reps):
    """CPU ms of one run, the median of `reps` after two that do not count."""
    times = []
    for rep in range(reps + 2):
        start = time.process_time()
        run()
        if rep >= 2:
            times.append((time.process_time() - start) * 1000)
    return sorted(times)[len(times) // 2]


def duckdb_runs(directory, queries=SQL):
    """Name -> a function that runs the query; strings as enums, the tables in memory."""
    import duckdb

    db = duckdb.connect(config={"threads": 1})
    for table in ("ads", "orders"):
        db.execute(f"create table {table} as select * from '{directory}/{table}.parquet'")
        for column, kind in db.execute(f"select column_name, data_type from duckdb_columns() where table_name='{table}'").fetchall():
            if kind == "VARCHAR":
                db.execute(f"create type {table}_{column} as enum (select distinct {column} from {table} where {column} is not null order by 1)")
                db.execute(f"alter table {table} alter {column} type {table}_{column}")
    return {name: (lambda sql=sql: db.execute(sql).fetchall()) for name, sql in queries.items()}


def replaced(sql, pairs):
    for old, new in pairs:
        sql = sql.replace(old, new)
    return sql


def clickhouse_runs(directory, queries=None):
    """Name -> a function that runs the query; one part a table, columns without a codec, strings as enums."""
    import shutil, tempfile
    from chdb.session import Session

    path = tempfile.mkdtemp(prefix="clickhouse-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    db = Session(path)
    ask = lambda sql, form="Native": db.query(sql, form)
    ask("set max_threads = 1")
    rows = lambda sql: [line.split("\t") for line in str(ask(sql, "TSVRaw")).splitlines()]
    for table in ("ads", "orders"):
        source, columns = f"file('{directory}/{table}.parquet', Parquet)", []
        for name, kind in (row[:2] for row in rows(f"describe {source} settings schema_inference_make_columns_nullable = 'auto'")):
            is_list, has_nulls = kind.startswith("Array"), rows(f"select countIf({name} is null) from {source}")[0][0] != "0"
            kind = kind.removeprefix("Array(").removeprefix("Nullable(").rstrip(")")
            if kind == "String":
                each = f"arrayJoin({name})" if is_list else name
                values = [row[0].replace("\\", "\\\\").replace("'", "\\'") for row in rows(f"select distinct {each} v from {source} where v is not null order by v")]
                members = ",".join(f"'{value}' = {code}" for code, value in enumerate(values))
                kind = f"{'Enum8' if len(values) < 128 else 'Enum16'}({members})"
            kind = f"Array({kind})" if is_list else f"Nullable({kind})" if has_nulls else kind
            columns.append(f"{name} {kind} codec(NONE)")
        ask(f"create table {table} ({', '.join(columns)}) engine = MergeTree order by ts settings min_bytes_for_wide_part = 0, index_granularity = 8192")
        ask(f"insert into {table} select * from {source}")
        ask(f"optimize table {table} final")
    forms = queries or clickhouse_forms()
    return {name: (lambda sql=sql: ask(sql).bytes()) for name, sql in forms.items()}


def clickhouse_forms():
    forms = {name: replaced(sql, [(f"ts // {HOUR}", f"intDiv(ts, {HOUR})"), ("ts // 60000", "intDiv(ts, 60000)"), ("approx_count_distinct", "uniq"), ("unnest(", "arrayJoin(")])
             for name, sql in SQL.items()}
    forms["Q11"] = "select campaign_id, countIf(action = 1) k, countIf(action = 0) i, k / i from ads group by campaign_id order by campaign_id"
    forms["Q12"] = "select device, quantiles(0.5, 0.9, 0.99)(price) from ads where price is not null group by device"
    forms["Q12b"] = "select device, quantiles(0.5, 0.9, 0.99)(bid) from ads group by device"
    forms["Q13"] = "select count(*), sum(cost) from ads where toString(city) like '%zhou%' and match(toString(ad_id), '[37][0-9]$')"
    return forms


def datafusion_runs(directory):
    """Name -> a function that runs the query; strings as dictionaries, the tables in memory, one partition."""
    import datafusion, pyarrow, pyarrow.parquet

    db = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(1))
    for table in ("ads", "orders"):
        path = f"{directory}/{table}.parquet"
        strings = [field.name for field in pyarrow.parquet.read_schema(path) if field.type == pyarrow.string()]
        batches = pyarrow.parquet.read_table(path, read_dictionary=strings).combine_chunks().to_batches(max_chunksize=65536)
        db.register_record_batches(table, [batches])
    forms = {name: replaced(sql, [("ts // ", "ts / "), ("approx_count_distinct", "approx_distinct")]) for name, sql in SQL.items()}
    quantiles = lambda column: ", ".join(f"approx_percentile_cont({column}, {part})" for part in (0.5, 0.9, 0.99))
    forms["Q11"] = "select campaign_id, k, i, k / i from (select campaign_id, count(*) filter (where action = 1) k, count(*) filter (where action = 0) i from ads group by campaign_id) order by campaign_id"
    forms["Q12"] = f"select device, {quantiles('price')} from ads where price is not null group by device"
    forms["Q12b"] = f"select device, {quantiles('bid')} from ads group by device"
    forms["Q13"] = "select count(*), sum(cost) from ads where city like '%zhou%' and regexp_like(ad_id, '[37][0-9]$')"
    forms["Q18"] = "select p, count(*), sum(cost) from (select unnest(placement) p, cost from ads) group by p"
    return {name: (lambda sql=sql: db.sql(sql).collect()) for name, sql in forms.items()}


def polars_runs(directory):
    """Name -> a function that runs the query, for the queries that Polars has a form for."""
    import polars as pl

    ads, orders = pl.read_parquet(f"{directory}/ads.parquet"), pl.read_parquet(f"{directory}/orders.parquet")
    strings = lambda frame: frame.with_columns(pl.col(name).cast(pl.String).cast(pl.Categorical) for name, kind in frame.schema.items() if kind in (pl.String, pl.Categorical))
    a, o = strings(ads).lazy(), strings(orders).lazy()
    col, n = pl.col, pl.len().alias("n")
    hour, cost, amount = (col("ts") // HOUR).alias("h"), col("cost").sum().alias("c"), col("amount").sum().alias("a")
    quantiles = lambda c: [col(c).quantile(q).alias(f"q{q}") for q in (0.5, 0.9, 0.99)]
    provinces = ["广东", "浙江", "江苏", "上海", "北京"]
    q3 = (col("province").is_in(provinces) & (col("device") == "iphone")) | ((col("channel") == "search") & ~((col("os") == "android") | (col("os") == "harmonyos")))
    text = lambda name: col(name).cast(pl.String)
    plans = {
        "Q1": a.group_by(hour).agg(n, cost, col("bid").sum()).sort("h"),
        "Q2": a.filter(col("province") == "广东").group_by(hour).agg(n, cost).sort("h"),
        "Q3": a.filter(q3).select(n, cost),
        "Q4": a.filter(col("action") == 1).group_by("ad_id").agg(n).sort("n", descending=True).limit(10),
        "Q5": a.group_by("user_id").agg(cost).sort("c", descending=True).limit(100),
        "Q6": o.group_by("province", "city").agg(n, amount).sort("a", descending=True).limit(10000),
        "Q7": a.group_by(hour, "ad_id").agg(n, cost).sort(["h", "c"], descending=[False, True]).limit(1000),
        "Q8": a.group_by("user_id").agg(n, cost, col("bid").max()).sort("user_id").limit(1000),
        "Q9": a.select(col("user_id").approx_n_unique()),
        "Q10": a.group_by(hour).agg(col("user_id").approx_n_unique()).sort("h"),
        "Q11": a.group_by("campaign_id").agg((col("action") == 1).sum().alias("k"), (col("action") == 0).sum().alias("i")).with_columns(col("k") / col("i")),
        "Q12": a.filter(col("price").is_not_null()).group_by("device").agg(quantiles("price")),
        "Q12b": a.group_by("device").agg(quantiles("bid")),
        "Q13": a.filter(text("city").str.contains("zhou", literal=True) & text("ad_id").str.contains("[37][0-9]$")).select(n, cost),
        "Q14": a.filter((col("bid") >= 1.0) & (col("bid") <= 2.0) & (col("cost") > 0.1)).select(n, cost, col("bid").sum()),
        "Q15": a.filter(col("user_id") == 100478711).group_by("action").agg(n, cost),
        "Q16": a.filter((col("ts") >= DAY0 + 23 * HOUR) & (col("ts") < DAY0 + 24 * HOUR)).group_by(col("ts") // 60000).agg(n, cost).sort("ts"),
        "Q17": o.group_by("province", "city").agg(amount).sort(["province", "a"], descending=[False, True]).limit(10000),
        "Q18": a.select("placement", "cost").explode("placement").group_by("placement").agg(n, cost),
        "Q19": o.group_by("category", "city", "pay_type").agg(n, amount).filter(col("n") > 100).sort("a", descending=True).limit(50),
        "Q20": a.filter((col("province") == "四川") & (col("device") == "iphone") & (col("action") == 1)).sort("ts", descending=True).limit(1000),
    }
    return {name: plan.collect for name, plan in plans.items()}


ENGINES = {"duckdb": duckdb_runs, "polars": polars_runs, "clickhouse": clickhouse_runs, "datafusion": datafusion_runs}


def runs_of(engine, directory, others):
    """Those of the dashboard, or of the other queries, of which there are forms for DuckDB and ClickHouse."""
    if not others:
        return ENGINES[engine](directory)
    forms = {"duckdb": others.DUCKDB, "clickhouse": others.CLICKHOUSE}
    return ENGINES[engine](directory, forms[engine]) if engine in forms else {}
