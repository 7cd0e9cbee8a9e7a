-- The fields and segment flags of all shipped recipes, written by hand in DuckDB SQL for one known shop.
-- The views customers, orders, order_items, events, products and stores are there already.

create macro now() as timestamp '2026-06-30 09:00:00';
create macro within_days(t, n) as t > now() - to_hours(cast(24 * n as bigint));
create macro days_since(t) as (epoch_us(now()) - epoch_us(t)) // 86400000000;
create macro hours_since(t) as (epoch_us(now()) - epoch_us(t)) / 3600000000.0;
create macro points_below(cuts, v) as len(list_filter(cuts, lambda cut: cut < v));
create macro cut_points(sorted, bins) as
    [sorted[(len(sorted) - 1) * k // bins + 1] for k in range(1, bins)];
create macro occurrence(day, y) as
    make_date(y, month(day), case when month(day) = 2 and day(day) = 29 then 28 else day(day) end);
create macro nearest_occurrence(day) as list_sort(list_transform(
    [y for y in [2025, 2026, 2027] if occurrence(day, y) > day],
    lambda y: {'away': abs(occurrence(day, y) - date '2026-06-30'), 'earlier': -y, 'day': occurrence(day, y)}
))[1].day;

create temp table by_person as
with counted as (
    select order_id, customer_id, ordered_at, amount from orders where status not in ('cancelled', 'refunded')
),
by_orders as (
    select customer_id, count(*) as orders, sum(amount) as spend, max(amount) as largest_order,
        min(ordered_at) as first_order_at, max(ordered_at) as last_order_at,
        count(distinct cast(ordered_at as date)) as order_days
    from counted group by customer_id
),
bought as (
    select customer_id, product_id, any_value(name) as name, any_value(category) as category,
        any_value(brand) as brand, sum(quantity) as pieces, count(distinct order_id) as times, max(ordered_at) as latest
    from order_items semi join counted using (order_id) join products using (product_id)
    group by customer_id, product_id
),
bought_lists as (
    select customer_id, sum(pieces) as units,
        list_sort(list_distinct(list(category))) as bought_category,
        list_sort(list_distinct(list(brand))) as bought_brand,
        list(name order by name) filter (where within_days(latest, 365)) as bought_product,
        list(name order by name) filter (where times > 1) as bought_product_again
    from bought group by customer_id
),
favourite_products as (
    select customer_id, arg_max(product_id, (pieces, latest, -cast(substr(product_id, 2) as bigint))) as favourite_product
    from bought group by customer_id
),
category_sums as (select customer_id, category, sum(pieces) as n, max(latest) as latest from bought group by all),
favourite_categories as (
    select customer_id, first(category order by n desc, latest desc, category) as favourite_category
    from category_sums group by customer_id
),
brand_sums as (select customer_id, brand, sum(pieces) as n, max(latest) as latest from bought group by all),
favourite_brands as (
    select customer_id, first(brand order by n desc, latest desc, brand) as favourite_brand
    from brand_sums group by customer_id
),
by_events as (
    select customer_id,
        max("at") filter (where event = 'sent') as last_sent_at,
        max("at") filter (where event = 'open') as last_open_at,
        max("at") filter (where event = 'click') as last_click_at,
        max("at") filter (where event = 'view') as last_view_at,
        max("at") filter (where event = 'unsubscribe') as last_unsubscribe_at,
        max("at") filter (where event = 'subscribe') as last_subscribe_at,
        max("at") filter (where event in ('open', 'click', 'visit', 'view', 'search', 'add_to_cart', 'checkout',
            'subscribe', 'review', 'referral', 'feedback')) as last_active_at,
        count(*) filter (where event = 'bounce') as bounces,
        count(*) filter (where event = 'complaint') as complaints,
        count(*) filter (where event = 'referral') as referrals,
        count(*) filter (where event = 'visit' and within_days("at", 30)) as visits_30d,
        count(*) filter (where event = 'click' and within_days("at", 90)) as clicks_90d,
        count(*) filter (where event = 'view' and within_days("at", 30)) as views,
        count(*) filter (where event = 'search' and within_days("at", 30)) as searches,
        count(*) filter (where event = 'add_to_cart' and within_days("at", 30)) as added,
        count(*) filter (where event = 'open' and within_days("at", 30)) as opens,
        sum(3 * pow(0.5, hours_since("at") / 720)) filter (where event = 'click') as warm_clicks,
        count(*) filter (where event = 'subscribe') as subscribed,
        count(*) filter (where event = 'review') as reviews
    from events group by customer_id
),
viewed as (
    select customer_id, product_id, any_value(name) as name, any_value(category) as category, count(*) as n,
        max("at") as latest, count(*) filter (where within_days("at", 30)) as lately
    from events join products using (product_id) where event = 'view' group by customer_id, product_id
),
viewed_lists as (
    select customer_id, sum(n - 1) as products_viewed_twice,
        list(name order by name) filter (where lately >= 2) as viewed_again
    from viewed group by customer_id
),
view_sums as (select customer_id, category, sum(n) as n, max(latest) as latest from viewed group by all),
viewed_categories as (
    select customer_id, first(category order by n desc, latest desc, category) as top_viewed_category
    from view_sums group by customer_id
),
searched as (
    select customer_id, query, count(*) as n, max("at") as latest, count(*) filter (where within_days("at", 90)) as lately
    from events where event = 'search' group by customer_id, query
),
searches as (
    select customer_id, first(query order by n desc, latest desc, query) as top_search,
        list(query order by query) filter (where lately >= 2) as searched_for
    from searched group by customer_id
),
looked as (
    select customer_id, category, brand from events join products using (product_id)
    where event in ('view', 'search', 'add_to_cart') and within_days("at", 30)
),
interests as (
    select customer_id, list(category order by category) as interested_in
    from (select customer_id, category from looked group by all having count(*) >= 3) group by customer_id
),
brand_interests as (
    select customer_id, list(brand order by brand) as interested_in_brand
    from (select customer_id, brand from looked group by all having count(*) >= 3) group by customer_id
),
reviewed as (
    select customer_id, list_sort(list_distinct(list(category))) as wrote_review
    from events join products using (product_id) where event = 'review' and within_days("at", 365) group by customer_id
),
told as (
    select customer_id, list_sort(list_distinct(list(tag))) as gave_feedback
    from events where event = 'feedback' and within_days("at", 365) group by customer_id
),
read as (
    select customer_id, "at", timezone(timezone, timezone('Europe/Istanbul', "at")) as there
    from events join (select customer_id, timezone from customers) using (customer_id)
    where event in ('open', 'click') and within_days("at", 365)
),
hour_sums as (select customer_id, hour(there) as hour, count(*) as n, max("at") as latest from read group by all),
hours as (
    select customer_id, first(hour order by n desc, latest desc, hour) as best_hour from hour_sums group by customer_id
),
weekday_sums as (select customer_id, isodow(there) as weekday, count(*) as n, max("at") as latest from read group by all),
weekdays as (
    select customer_id, first(weekday order by n desc, latest desc, weekday) as best_weekday
    from weekday_sums group by customer_id
),
steps as (
    select customer_id, "at", product_id, event = 'checkout' as at_checkout, 0 as is_order,
        case event when 'add_to_cart' then 1 when 'remove_from_cart' then -1 else 0 end as change
    from events where event in ('add_to_cart', 'remove_from_cart', 'checkout')
    union all select customer_id, ordered_at, null, false, 1, 0 from orders
),
numbered as (
    select *, sum(is_order) over (partition by customer_id order by "at", is_order rows unbounded preceding) as cart
    from steps
),
contents as (
    select customer_id, cart, product_id, sum(change) as held, min("at") as started_at, max("at") as touched_at,
        bool_or(at_checkout) as at_checkout
    from numbered where is_order = 0 group by customer_id, cart, product_id
),
carts as (
    select customer_id, min(started_at) as started_at, max(touched_at) as touched_at, bool_or(at_checkout) as at_checkout
    from contents group by customer_id, cart having bool_or(held > 0)
),
last_bought as (select customer_id, max(ordered_at) as last_bought from orders group by customer_id),
by_carts as (
    select customer_id, count(*) as carts_begun, max(touched_at) filter (where left_behind) as last_cart_at,
        max(touched_at) filter (where left_behind and at_checkout) as checkout_at
    from (
        select carts.*, coalesce(last_bought < started_at, true) and touched_at <= now() - interval 1 hour as left_behind
        from carts left join last_bought using (customer_id)
    ) group by customer_id
),
distances as (
    select latitude, longitude, store_id, round(2 * 6371.0088 * asin(least(1.0, sqrt(
        pow(sin((radians(latitude) - radians(north)) / 2), 2)
        + cos(radians(latitude)) * cos(radians(north)) * pow(sin(radians(longitude - east) / 2), 2)))), 3) as km
    from (select distinct latitude, longitude from customers),
        (select store_id, latitude as north, longitude as east from stores)
),
nearest as (
    select latitude, longitude, first(store_id order by km, store_id) as nearest_store, min(km) as nearest_store_km
    from distances group by latitude, longitude
)
select customers.*,
    nearest_store, nearest_store_km,
    coalesce(orders, 0) as orders, coalesce(spend, 0) as spend, largest_order, first_order_at, last_order_at,
    coalesce(order_days, 0) as order_days, coalesce(units, 0) as units,
    days_since(last_order_at) as recency_days, days_since(first_order_at) as customer_age_days,
    bought_category, bought_brand, bought_product, bought_product_again,
    favourite_product, favourite_category, favourite_brand,
    last_sent_at, last_open_at, last_click_at, last_view_at, last_active_at, last_unsubscribe_at, last_subscribe_at,
    coalesce(bounces, 0) as bounces, coalesce(complaints, 0) as complaints, coalesce(referrals, 0) as referrals,
    coalesce(visits_30d, 0) as visits_30d, coalesce(clicks_90d, 0) as clicks_90d,
    coalesce(products_viewed_twice, 0) as products_viewed_twice, viewed_again, top_viewed_category,
    top_search, searched_for, interested_in, interested_in_brand, wrote_review, gave_feedback, best_hour, best_weekday,
    coalesce(carts_begun, 0) as carts_begun, last_cart_at, hours_since(last_cart_at) as cart_age_hours,
    case when last_cart_at = checkout_at then 'checkout' when last_cart_at is not null then 'cart' end as cart_stage,
    round(cast(coalesce(spend, 0) as double) + least(50 * coalesce(subscribed, 0), 50)
        + least(20 * coalesce(reviews, 0), 200) + 100 * coalesce(referrals, 0), 2) as loyalty_points,
    round(least(coalesce(visits_30d, 0), 15) + least(2 * coalesce(views, 0), 20) + least(3 * coalesce(by_events.searches, 0), 15)
        + least(10 * coalesce(added, 0), 30) + least(coalesce(opens, 0), 10) + coalesce(warm_clicks, 0), 2) as lead_score,
    cast(spend as double) / orders as average_order,
    (cast(last_order_at as date) - cast(first_order_at as date)) / nullif(order_days - 1, 0) as average_gap_days,
    greatest(last_active_at, last_order_at, subscribed_at) as last_engaged_at
from customers
    left join nearest using (latitude, longitude)
    left join by_orders using (customer_id)
    left join bought_lists using (customer_id)
    left join favourite_products using (customer_id)
    left join favourite_categories using (customer_id)
    left join favourite_brands using (customer_id)
    left join by_events using (customer_id)
    left join viewed_lists using (customer_id)
    left join viewed_categories using (customer_id)
    left join searches using (customer_id)
    left join interests using (customer_id)
    left join brand_interests using (customer_id)
    left join reviewed using (customer_id)
    left join told using (customer_id)
    left join hours using (customer_id)
    left join weekdays using (customer_id)
    left join by_carts using (customer_id);

create temp table base as
with recency as (select list(recency_days order by recency_days) as all_values from by_person where orders > 0),
frequency as (select list(orders order by orders) as all_values from by_person where orders > 0),
money as (select list(cast(spend as double) order by spend) as all_values from by_person where orders > 0),
usual as (select list(average_order order by average_order) as all_values from by_person where orders > 0),
engaged as (
    select list(cast(spend as double) order by spend) as all_values from by_person where days_since(last_engaged_at) <= 365
)
select
    (select cut_points(all_values, 5) from recency) as recency_fifths,
    (select cut_points(all_values, 5) from frequency) as frequency_fifths,
    (select cut_points(all_values, 3) from frequency) as frequency_thirds,
    (select cut_points(all_values, 5) from money) as money_fifths,
    (select cut_points(all_values, 3) from money) as money_thirds,
    (select cut_points(all_values, 4) from money) as money_quarters,
    (select cut_points(all_values, 3) from usual) as usual_thirds,
    (select cut_points(all_values, 100) from engaged) as engaged_percents,
    (select avg(spend) from by_person where orders > 0) as average_spend,
    (select case when count(average_gap_days) >= 100 and max(customer_age_days) >= 180
        then greatest(median(average_gap_days), 30) end from by_person) as reorder_days;

create temp table by_category as
select favourite_category, case when count(average_gap_days) >= 30 and max(customer_age_days) >= 180
    then greatest(median(average_gap_days), 30) end as category_reorder_days
from by_person where favourite_category is not null group by favourite_category;

create temp view scored as
select by_person.*, average_spend, reorder_days, category_reorder_days,
    coalesce(category_reorder_days, reorder_days) as due_after_days,
    case when orders > 0 then 5 - points_below(recency_fifths, recency_days) end as r_score,
    case when orders > 0 then 1 + points_below([1, 2, 4, 8], orders) end as f_score,
    case when orders > 0 then 1 + points_below(money_fifths, cast(spend as double)) end as m_score,
    r_score as grid_r, f_score as grid_f, r_score as shopify_r, m_score as shopify_m, f_score as threshold_f,
    case when orders > 0 then 3 - points_below([180, 365], recency_days) end as klaviyo_r,
    case when orders > 0 then 1 + points_below(frequency_thirds, orders) end as klaviyo_f,
    case when orders > 0 then 1 + points_below(money_thirds, cast(spend as double)) end as klaviyo_m,
    case when orders > 0 then 1 + points_below(frequency_fifths, orders) end as shopify_f,
    case when orders > 0 then 5 - points_below([30, 90, 180, 365], recency_days) end as threshold_r,
    case when orders > 0 then 1 + points_below([50, 150, 400, 800], spend) end as threshold_m,
    case when orders > 0 then 1 + points_below(money_quarters, cast(spend as double)) end as spend_quarter,
    case when orders > 0 then 1 + points_below(usual_thirds, average_order) end as average_order_third,
    days_since(last_engaged_at) as days_since_engaged,
    days_since_engaged <= 365 as engaged_12m,
    case when days_since_engaged <= 365 then 1 + points_below(engaged_percents, cast(spend as double)) end as engaged_spend_percentile,
    greatest(average_gap_days, coalesce(reorder_days, 90)) as usual_gap_days,
    (f_score + m_score) / 2 as fm_score,
    (shopify_f + shopify_m) / 2 as shopify_fm,
    100 * klaviyo_r + 10 * klaviyo_f + klaviyo_m as klaviyo_code,
    coalesce(cart_age_hours <= 720, false) as recent_cart,
    coalesce(last_click_at, last_open_at) as answered_at
from by_person left join by_category using (favourite_category), base;

create temp view people as
select * exclude (recent_cart, answered_at),
    date_diff('year', birth_date, date '2026-06-30')
        - case when occurrence(birth_date, 2026) > date '2026-06-30' then 1 else 0 end as age,
    nearest_occurrence(birth_date) as birthday,
    nearest_occurrence(cast(least(created_at, subscribed_at) as date)) as signup_anniversary,
    case when latitude < 0 then 'winter' else 'summer' end as season,
    coalesce(regexp_full_match(email, '[^@ ]+@[^@ ]+[.][^@ .]+'), false) and email_consent
        and bounces = 0 and complaints = 0
        and (last_unsubscribe_at is null or coalesce(last_subscribe_at > last_unsubscribe_at, false)) as contactable,
    last_sent_at is not null and last_open_at is null and last_click_at is null as never_opened,
    case when birth_date is null then 1 else 0 end + case when gender is null then 1 else 0 end
        + case when coalesce(city, region, postal_code) is null then 1 else 0 end as profile_gaps,
    case when age < 18 then 'under-18' when age < 25 then '18-to-24' when age < 35 then '25-to-34'
        when age < 45 then '35-to-44' when age < 55 then '45-to-54' when age < 65 then '55-to-64'
        when age >= 65 then '65-and-over' end as age_band,
    ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'][best_weekday] as best_weekday_name,
    case when orders = 1 then '1' when orders = 2 then '2' when orders between 3 and 4 then '3-to-4'
        when orders between 5 and 9 then '5-to-9' when orders >= 10 then '10-or-more' end as order_count_band,
    case when upper(country) in ('AT', 'BE', 'BG', 'HR', 'CY', 'CZ', 'DK', 'EE', 'FI', 'FR', 'DE', 'GR', 'HU', 'IE',
            'IT', 'LV', 'LT', 'LU', 'MT', 'NL', 'PL', 'PT', 'RO', 'SK', 'SI', 'ES', 'SE', 'IS', 'LI', 'NO') then 'gdpr'
        when upper(country) in ('GB', 'UK') then 'uk-gdpr-pecr' when upper(country) = 'CA' then 'casl'
        when upper(country) = 'US' and upper(coalesce(region, '')) in ('CA', 'US-CA', 'CALIFORNIA') then 'ccpa'
        when upper(country) = 'US' then 'can-spam' when upper(country) = 'TR' then 'kvkk'
        when upper(country) = 'VN' then 'vietnam' when country is not null then 'elsewhere' end as marketing_law,
    case when recent_cart and cart_stage = 'checkout' then 'checkout' when recent_cart then 'cart' end as cart_left_at,
    case when cart_age_hours <= 24 then 'last-day' when cart_age_hours <= 72 then '2-to-3-days'
        when cart_age_hours <= 168 then '4-to-7-days' when cart_age_hours <= 720 then '8-to-30-days' end as cart_left_when,
    case when lead_score >= 50 then 'hot' when lead_score >= 10 then 'warm' when lead_score < 10 then 'cold' end as lead_band,
    case when loyalty_points >= 2000 then 'platinum' when loyalty_points >= 800 then 'gold'
        when loyalty_points >= 200 then 'silver' when loyalty_points > 0 then 'bronze' end as loyalty_tier,
    case when days_since_engaged <= 90 then 'engaged' when days_since_engaged <= 270 then 'cooling'
        when days_since_engaged > 270 then 'inactive' end as engagement,
    case when days_since_engaged <= 30 then 'three-a-week' when days_since_engaged <= 90 then 'weekly'
        when days_since_engaged <= 270 then 'monthly' when days_since_engaged > 270 then 'winback-only' end as mail_rhythm,
    case average_order_third when 1 then 'small' when 2 then 'middle' when 3 then 'large' end as average_order_band,
    case when orders = 0 then 'lead' when orders = 1 and recency_days <= 30 then 'new'
        when recency_days <= 2 * usual_gap_days then 'active' else 'lapsed' end as lifecycle_stage,
    coalesce(birthday >= date '2026-06-30' and birthday <= date '2026-07-07', false) as birthday_soon,
    birth_date is null as birthday_unknown,
    coalesce(nearest_store_km <= 25, false) as near_a_store,
    orders = 0 as leads,
    orders = 0 and coalesce(subscribed_at > now() - interval 48 hours, false) as new_leads,
    orders = 0 and coalesce(subscribed_at <= now() - interval 48 hours, false) as older_leads,
    orders = 0 and coalesce(subscribed_at, created_at) <= now() - interval 30 days as never_bought,
    never_bought and coalesce(last_view_at > now() - interval 30 days, false) as never_bought_but_looking,
    orders = 1 as first_time,
    coalesce(orders = 1 and recency_days <= 30, false) as first_time_recent,
    orders > 2 as more_than_two_orders,
    coalesce(orders = 2 and recency_days <= 30, false) as second_order_lately,
    units >= 10 as many_pieces,
    spend > 800 as high_lifetime_value,
    coalesce(orders > 1 and largest_order >= 2 * average_order, false) as large_order_once,
    coalesce(recency_days > 180, false) as no_order_6_months,
    coalesce(orders > 0 and days_since_engaged > 90, false) as silent_3_months,
    orders > 0 and referrals > 0 as advocates,
    referrals > 0 as referrers,
    loyalty_points >= 200 as reward_ready,
    loyalty_points >= 170 and loyalty_points < 200 as reward_close,
    orders = 0 and lead_score >= 50 as hot_leads,
    products_viewed_twice > 0 as viewed_more_than_once,
    profile_gaps > 0 as profile_incomplete,
    profile_gaps >= 2 as profile_almost_empty,
    recent_cart as cart_abandoners,
    recent_cart and carts_begun = 1 and orders = 0 as first_cart_abandoners,
    coalesce(last_view_at > now() - interval 7 days and (last_order_at is null or last_order_at < last_view_at)
        and coalesce(cart_age_hours, 720) > 168, false) as browse_abandoners,
    coalesce(engaged_12m, false) as active_users,
    clicks_90d > 0 as clicked_lately,
    never_opened as never_openers,
    coalesce(last_sent_at > now() - interval 7 days and (last_open_at is null or last_open_at < last_sent_at)
        and (answered_at is null or answered_at < last_sent_at), false) as unopened_last,
    visits_30d >= 4 as regular_visitors,
    coalesce(orders > 0 and recency_days > 2 * usual_gap_days, false) as lapsed,
    lapsed and orders = 1 as lapsed_one_time,
    lapsed and orders > 2 as lapsed_regulars,
    coalesce(orders > 2 and recency_days <= 2 * usual_gap_days, false) as loyal,
    coalesce(orders > 0 and spend > average_spend, false) as above_average,
    coalesce(spend_quarter = 1, false) as low_spenders,
    coalesce(engaged_spend_percentile > 90, false) as best_10_percent,
    coalesce(engaged_spend_percentile > 85, false) as best_15_percent,
    loyal and best_15_percent as early_access,
    coalesce(orders = 1 and recency_days > due_after_days, false) as reorder_due,
    coalesce(orders = 1 and recency_days > due_after_days and recency_days <= 1.5 * due_after_days, false) as reorder_due_lately,
    case when r_score = 5 and fm_score > 4 then 'champions' when r_score >= 3 and fm_score > 3 then 'loyal'
        when r_score >= 4 and fm_score > 1 then 'potential-loyalists' when r_score = 5 then 'recent'
        when r_score = 4 then 'promising' when r_score = 3 and fm_score > 2 then 'needs-attention'
        when r_score = 3 then 'about-to-sleep' when r_score = 1 and fm_score > 4 then 'cant-lose'
        when r_score <= 2 and fm_score > 2 then 'at-risk' when r_score = 2 and fm_score > 1 then 'hibernating'
        when r_score <= 2 then 'lost' end as rfm_group,
    case when grid_r <= 2 and grid_f <= 2 then 'hibernating' when grid_r <= 2 and grid_f between 3 and 4 then 'at-risk'
        when grid_r <= 2 and grid_f = 5 then 'cant-lose' when grid_r = 3 and grid_f <= 2 then 'about-to-sleep'
        when grid_r = 3 and grid_f = 3 then 'needs-attention' when grid_r between 3 and 4 and grid_f >= 4 then 'loyal-customers'
        when grid_r = 4 and grid_f = 1 then 'promising' when grid_r = 5 and grid_f = 1 then 'new-customers'
        when grid_r >= 4 and grid_f between 2 and 3 then 'potential-loyalists'
        when grid_r = 5 and grid_f >= 4 then 'champions' end as grid_group,
    case when klaviyo_code in (333, 332, 323) then 'champions' when klaviyo_code in (321, 322, 331, 232, 233) then 'loyal'
        when klaviyo_code in (312, 313, 311, 222, 223) then 'recent'
        when klaviyo_code in (213, 221, 123, 132, 133) then 'needs-attention'
        when klaviyo_code in (231, 212, 122, 131, 211) then 'at-risk'
        when klaviyo_code in (111, 112, 113, 121) then 'inactive' end as klaviyo_group,
    case when orders = 0 then 'prospects' when shopify_r = 5 and shopify_fm > 3 then 'champions'
        when shopify_r >= 3 and shopify_fm > 3 then 'loyal' when shopify_r >= 4 and shopify_fm > 1 then 'active'
        when shopify_r = 5 then 'new' when shopify_r = 4 then 'promising'
        when shopify_r = 3 and shopify_fm > 2 then 'needs-attention' when shopify_r = 3 then 'almost-lost'
        when shopify_r <= 2 and shopify_fm > 4 then 'previously-loyal' when shopify_r <= 2 and shopify_fm > 2 then 'at-risk'
        when shopify_r <= 2 then 'dormant' end as shopify_group,
    case when threshold_r between 4 and 5 and threshold_f = 1 and threshold_m = 1 then 'new'
        when threshold_r between 3 and 4 and threshold_f = 1 and threshold_m = 1 then 'promising'
        when threshold_r = 1 and threshold_f between 4 and 5 and threshold_m between 4 and 5 then 'cant-lose'
        when threshold_r between 4 and 5 and threshold_f between 4 and 5 and threshold_m between 4 and 5 then 'champions'
        when threshold_r between 2 and 3 and threshold_f between 2 and 3 and threshold_m between 2 and 3 then 'needs-attention'
        when threshold_r between 2 and 3 and threshold_f between 1 and 2 and threshold_m between 1 and 2 then 'about-to-sleep'
        when threshold_r between 1 and 2 and threshold_f between 1 and 2 and threshold_m between 1 and 2 then 'lost'
        when threshold_r between 3 and 5 and threshold_f between 1 and 3 and threshold_m between 1 and 3 then 'potential-loyalists'
        when threshold_r between 1 and 2 and threshold_f between 2 and 5 and threshold_m between 2 and 5 then 'at-risk'
        when threshold_r between 2 and 5 and threshold_f between 3 and 5 and threshold_m between 3 and 5 then 'loyal'
        when orders > 0 then 'others' end as threshold_group
from scored;
