"""The 21 dashboard queries on DuckDB and on Polars, each on one thread, over the Parquet files of generate.py held in memory."""
import time

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


def duckdb_runs(directory):
    """Name -> a function that runs the query; strings as enums, the tables in memory."""
    import duckdb

    db = duckdb.connect(config={"threads": 1})
    for table in ("ads", "orders"):
        db.execute(f"create table {table} as select * from '{directory}/{table}.parquet'")
        for column, kind in db.execute(f"select column_name, data_type from duckdb_columns() where table_name='{table}'").fetchall():
            if kind == "VARCHAR":
                db.execute(f"create type {table}_{column} as enum (select distinct {column} from {table} where {column} is not null order by 1)")
                db.execute(f"alter table {table} alter {column} type {table}_{column}")
    return {name: (lambda sql=sql: db.execute(sql).fetchall()) for name, sql in SQL.items()}


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


ENGINES = {"duckdb": duckdb_runs, "polars": polars_runs}
