SELECT day, count(*) AS snapshots, round(avg(weight), 4) AS mean_weight, max(weight) AS greatest_weight
FROM (
    SELECT day, CAST(json_extract(document, '$.weights') AS MAP(VARCHAR, DOUBLE))['AAPL'] AS weight
    FROM snapshots
    WHERE world_id = 'desk' AND day BETWEEN '2026-01-01' AND '2026-01-31' AND stage = 'paper'
) AS weights
GROUP BY day
ORDER BY day
