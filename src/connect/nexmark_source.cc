#include "nexmark_source.h"

#include <algorithm>

#include "base/units.h"
#include "nexmark_columns.h"
#include "options.h"
#include "types/temporal.h"

namespace dataflow::connect {
namespace {

constexpr int64_t kMostProportion = 1'000'000;
constexpr int64_t kMostRatio = 1'000'000;
constexpr int64_t kMostEventBytes = 65'536;
constexpr int64_t kMostDisorder = 1'000'000;
constexpr int64_t kMuddle = 953;  // what a muddled order steps by

class NexmarkOptions {
 public:
  NexmarkOptions(OptionReader& options, bool timers, bool bounded)
      : options_(options), timers_(timers), bounded_(bounded) {}

  Status read(NexmarkRules& rules, NumberedRows& rows) {
    DF_RETURN_IF_ERROR(read_model(rules));
    DF_RETURN_IF_ERROR(read_times(rules));
    DF_RETURN_IF_ERROR(read_pace(rules, rows));
    return options_.refuse_others();
  }

 private:
  Status read_model(NexmarkRules& rules) {
    DF_ASSIGN_OR_RETURN(const int64_t seed, options_.integer("seed", 1, 0, kMostNumberedRows));
    rules.seed = static_cast<uint64_t>(seed);
    const auto share = [&](const char* name, int64_t least, int64_t& out) -> Status {
      DF_ASSIGN_OR_RETURN(out, options_.integer(name, out, least, kMostProportion));
      return {};
    };
    DF_RETURN_IF_ERROR(share("person.proportion", 1, rules.persons));
    DF_RETURN_IF_ERROR(share("auction.proportion", 1, rules.auctions));
    DF_RETURN_IF_ERROR(share("bid.proportion", 0, rules.bids));
    const auto ratio = [&](const char* name, int64_t& out) -> Status {
      DF_ASSIGN_OR_RETURN(out, options_.integer(name, out, 1, kMostRatio));
      return {};
    };
    DF_RETURN_IF_ERROR(ratio("bid.hot-ratio.auctions", rules.hot_auctions));
    DF_RETURN_IF_ERROR(ratio("bid.hot-ratio.bidders", rules.hot_bidders));
    DF_RETURN_IF_ERROR(ratio("auction.hot-ratio.sellers", rules.hot_sellers));
    DF_RETURN_IF_ERROR(size("person.avg-size", rules.person_bytes));
    DF_RETURN_IF_ERROR(size("auction.avg-size", rules.auction_bytes));
    return size("bid.avg-size", rules.bid_bytes);
  }

  Status size(const char* name, int64_t& out) {
    const std::optional<std::string> text = options_.text(name);
    if (!text) return {};
    const Result<int64_t> bytes = parse_bytes(*text);
    if (!bytes.ok() || *bytes < 0 || *bytes > kMostEventBytes) {
      return options_.wrong(name, "give bytes up to 64 KiB");
    }
    out = *bytes;
    return {};
  }

  Status read_times(NexmarkRules& rules) {
    const std::string base = options_.text("base-time").value_or("2015-07-15 00:00:00");
    if (!parse_timestamp(base, Type::timestamp(3), rules.base_ms)) {
      return options_.wrong("base-time", "give a time, `2015-07-15 00:00:00`");
    }
    DF_ASSIGN_OR_RETURN(rules.disorder,
                        options_.integer("out-of-order.group-size", 1, 1, kMostDisorder));
    if (rules.disorder > 1 && rules.disorder % kMuddle == 0) {
      return options_.wrong("out-of-order.group-size", "give no multiple of 953");
    }
    return {};
  }

  Status read_pace(NexmarkRules& rules, NumberedRows& rows) {
    DF_ASSIGN_OR_RETURN(rows.splits, options_.integer("splits", 4, 1, 256));
    DF_ASSIGN_OR_RETURN(const int64_t events,
                        options_.integer("events.num", 0, 0, kMostNumberedRows));
    if (events > 0) rows.rows = events;
    if (bounded_ && !rows.rows) {
      return options_.wrong("events.num", "a bounded job needs a source that ends");
    }
    constexpr auto kMostRate = static_cast<int64_t>(kMostNumberedRate);
    DF_ASSIGN_OR_RETURN(const int64_t rate,
                        options_.integer("first-event.rate", 10'000, 1, kMostRate));
    rules.events_per_second = static_cast<double>(rate);
    DF_ASSIGN_OR_RETURN(const bool limited, options_.boolean("rate.limited", false));
    if (limited) rows.rate = rules.events_per_second;
    if (limited && !timers_) return options_.wrong("rate.limited", "there is no clock here");
    return {};
  }

  OptionReader& options_;
  const bool timers_, bounded_;
};

}  // namespace

Result<std::unique_ptr<engine::Source>> make_nexmark_source(
    Env& env, TimerQueue* timers, const plan::SourceSpec& spec,
    const engine::ConnectorContext& context) {
  NumberedRows rows;
  rows.where = "source `" + context.node + "`";
  rows.schema = plan::schema_read(spec);
  if (!spec.metadata.empty()) {
    return Status::invalid(rows.where + ": column `" + spec.metadata[0].column +
                           "`: this source has no metadata");
  }
  NexmarkRules rules;
  OptionReader options(rows.where, spec.options);
  NexmarkOptions reader(options, timers != nullptr, context.bounded);
  DF_RETURN_IF_ERROR(reader.read(rules, rows));
  DF_ASSIGN_OR_RETURN(std::shared_ptr<const RowMaker> maker,
                      make_nexmark_rows(rules, spec, rows.where));
  return make_numbered_source(env, timers, std::move(rows), std::move(maker));
}

}  // namespace dataflow::connect
