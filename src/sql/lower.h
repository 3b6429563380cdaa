// Lowering: Rels become nodes of a plan. A Rel that two read becomes one node.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rel.h"

namespace dataflow::sql {

class Lowering {
 public:
  // State that can only grow is kept so long; 0: for ever. `bounded`: what the plan will be.
  Lowering(plan::Plan& plan, int64_t ttl_ms, bool bounded)
      : plan_(plan), ttl_ms_(ttl_ms), bounded_(bounded) {}

  // The id of the node that gives the Rel's rows.
  Result<std::string> lower(const RelPtr& rel);
  // Exactly these columns of the Rel, into a sink of that id.
  Status add_sink(const RelPtr& rel, std::vector<plan::NamedExpression> columns, std::string id,
                  plan::SinkSpec sink, Place place);

 private:
  Result<std::string> lower_new(const RelPtr& rel);
  Result<std::string> lower_values(const Rel& rel, const ValuesRel& values);
  Result<std::string> lower_project(const RelPtr& input, std::vector<plan::NamedExpression> columns,
                                    Place place);
  Result<std::string> lower_aggregate(const Rel& rel, const AggregateRel& aggregate);
  Result<std::string> lower_join(const Rel& rel, const JoinRel& join);
  // With its number, or without where nobody reads it.
  Result<std::string> lower_rank(const Rel& rel, const RankRel& rank, bool number);
  plan::OverSpec over_spec(const Rel& input, plan::OverSpec spec) const;
  Result<std::string> lower_unnest(const Rel& rel, const UnnestRel& unnest);
  Result<std::string> lower_window_table(const Rel& rel, const WindowTableRel& window);
  // Rows with their sessions, when these are over.
  Result<std::string> lower_session_rows(const Rel& rel, const WindowTableRel& window);
  Result<std::string> lower_window(const Rel& rel, const AggregateRel& aggregate);
  // A group of rows that carry the window that they are in (lower_window.cc).
  Result<std::string> lower_closed_window(const Rel& rel, const AggregateRel& aggregate);
  // `spec` over `input`, its output named as the Rel's schema; `keys` are the window's columns
  // where they stand among the spec's keys, else empty.
  Result<std::string> add_window(const Rel& rel, const RelPtr& input, plan::WindowSpec spec,
                                 size_t window_keys);

  std::string add(const std::string& kind, plan::Spec spec, std::vector<std::string> inputs,
                  Place place);
  std::string free_id(const std::string& wanted);

  plan::Plan& plan_;
  const int64_t ttl_ms_;
  const bool bounded_;
  std::map<const Rel*, std::string> done_;
  std::vector<RelPtr> kept_;  // so that no two of `done_` have one address
  std::map<std::string, int> counts_;
};

}  // namespace dataflow::sql
