#include "sample_plans.h"

#include <cstdio>
#include <cstdlib>

namespace dataflow::plan {

SchemaPtr schema(std::vector<Field> fields) {
  return std::make_shared<const Schema>(std::move(fields));
}

expr::ExpressionPtr parsed(const std::string& text) {
  const auto expression = expr::parse_expression(text);
  if (expression.ok()) return *expression;
  std::fprintf(stderr, "%s\n", expression.status().message().c_str());
  std::abort();
}

Node node(std::string id, Spec spec, std::vector<Input> inputs) {
  Node made;
  made.id = std::move(id);
  made.spec = std::move(spec);
  made.inputs = std::move(inputs);
  return made;
}

Node orders(std::string id) {
  SourceSpec source;
  source.connector = "log";
  source.options = {{"topic", "orders"}};
  source.format = "json";
  source.schema = schema({{"id", Type::int64(), false},
                          {"user", Type::string()},
                          {"amount", Type::float64()},
                          {"price", Type::decimal(10, 2)},
                          {"n", Type::int32()},
                          {"ts", Type::timestamp(3)},
                          {"tags", Type::array(Type::string())}});
  source.watermark = WatermarkSpec{.column = "ts", .delay_ms = 5000};
  return node(std::move(id), source);
}

Node sink(std::string input, std::string output) {
  SinkSpec spec;
  spec.connector = "log";
  spec.options = {{"topic", "results"}};
  spec.format = "json";
  const std::string id = output.empty() ? "out" : "out_" + output;
  return node(id, spec, {{std::move(input), std::move(output)}});
}

Aggregate aggregate(std::string name, std::string function, const std::string& argument) {
  Aggregate made;
  made.name = std::move(name);
  made.function = std::move(function);
  if (!argument.empty()) made.argument = parsed(argument);
  return made;
}

WindowSpec counts() {
  WindowSpec window;
  window.size_ms = 60000;
  window.keys = {"user"};
  window.aggregates = {aggregate("n", "COUNT")};
  return window;
}

Plan through(Node middle) {
  Plan plan;
  plan.name = "sample";
  middle.inputs = {{"orders", ""}};
  const std::string id = middle.id;
  plan.nodes = {orders(), std::move(middle), sink(id)};
  return plan;
}

namespace {

void add_sink(Plan& plan, const Input& input) {
  Node out = sink(input.node, input.output);
  out.id = "out_" + input.node;
  plan.nodes.push_back(out);
}

void add_keyed_source(Plan& plan) {
  Node users = orders("users");
  auto& spec = std::get<SourceSpec>(users.spec);
  spec.upsert_keys = {"user", "id"};
  spec.key_format = "json";
  plan.nodes.push_back(users);
  plan.nodes.push_back(
      node("now", UpsertSpec{.keys = {"user", "id"}, .ttl_ms = 7000}, {{"users", ""}}));
  add_sink(plan, {"now", ""});
}

// Nodes that make several rows of one.
void add_spread(Plan& plan, const Input& from) {
  WindowTableSpec marked;
  marked.size_ms = 60000;
  plan.nodes.push_back(node("marked", marked, {from}));
  UnnestSpec tags{.collection = parsed("tags"), .kept = {"id"}, .columns = {"tag"}};
  tags.ordinality = "place";
  plan.nodes.push_back(node("tags", tags, {from}));
}

}  // namespace

Plan every_kind() {
  Plan plan;
  plan.name = "every kind";
  plan.job.dead_letters = SinkSpec{.connector = "log", .options = {{"topic", "dead"}}};
  Node source = orders();
  auto& spec = std::get<SourceSpec>(source.spec);
  std::vector<Field> fields = spec.schema->fields();
  fields.push_back({"at", Type::int64(), false});
  spec.schema = schema(fields);
  spec.metadata = {{"at", Metadata::kOffset}};
  source.place = {3, 7};
  source.parallelism = 2;
  const Input from{"orders", ""};
  plan.nodes.push_back(source);
  plan.nodes.push_back(node("big", FilterSpec{parsed("amount > 10")}, {from}));
  plan.nodes.push_back(node(
      "small",
      ProjectSpec{
          {{"user", parsed("user")}, {"when", parsed("ts")}, {"double", parsed("amount * 2")}}},
      {{"big", ""}}));
  WindowSpec window = counts();
  window.late_output = true;
  window.aggregates.push_back(aggregate("total", "SUM", "amount"));
  window.aggregates.back().filter = parsed("n > 1");
  plan.nodes.push_back(node("counted", window, {from}));
  WindowJoinSpec windows{.left_keys = {"user"}, .right_keys = {"user"}, .size_ms = 1000};
  plan.nodes.push_back(node("joined", windows, {{"small", ""}, from}));
  IntervalJoinSpec near{.kind = JoinKind::kLeft, .left_keys = {"user"}, .right_keys = {"user"}};
  near.lower_ms = -1000;
  near.upper_ms = 2000;
  near.condition = parsed("amount > 3");
  plan.nodes.push_back(node("near", near, {{"small", ""}, from}));
  plan.nodes.push_back(node(
      "grouped", GroupSpec{.keys = {"user"}, .aggregates = {aggregate("n", "COUNT")}}, {from}));
  JoinSpec pairs{.left_keys = {"user"}, .right_keys = {"user"}, .condition = parsed("n > 3")};
  plan.nodes.push_back(node("pairs", pairs, {{"small", ""}, {"grouped", ""}}));
  TemporalJoinSpec as_of{.left_keys = {"user"}, .right_keys = {"user"}};
  plan.nodes.push_back(node("as_of", as_of, {{"small", ""}, from}));
  RankSpec best{.keys = {"user"}, .order = {{"amount", true}}, .last = 3, .number = "place"};
  plan.nodes.push_back(node("best", best, {from}));
  OverSpec running{.keys = {"user"}, .order = {{"ts"}}};
  running.preceding = 1000;
  running.aggregates = {aggregate("total", "SUM", "amount")};
  plan.nodes.push_back(node("running", running, {from}));
  add_spread(plan, from);
  plan.nodes.push_back(node("once", DeduplicateSpec{.keys = {"id"}, .ttl_ms = 5000}, {from}));
  plan.nodes.push_back(node("both", UnionSpec{}, {{"once", ""}, {"counted", "late"}}));
  plan.nodes.push_back(node("ways", SplitSpec{{{"rich", parsed("amount > 100")}}}, {{"both", ""}}));
  SinkSpec keyed{.connector = "log", .options = {{"topic", "rich"}}, .format = "json"};
  keyed.key_columns = {"user"};
  keyed.key_format = "raw";
  keyed.guarantee = Guarantee::kExactlyOnce;
  plan.nodes.push_back(node("rich", keyed, {{"ways", "rich"}}));
  for (const Input& input : std::vector<Input>{{"ways", "default"},
                                               {"counted", ""},
                                               {"joined", ""},
                                               {"near", ""},
                                               {"pairs", ""},
                                               {"as_of", ""},
                                               {"best", ""},
                                               {"running", ""},
                                               {"marked", ""},
                                               {"tags", ""}}) {
    add_sink(plan, input);
  }
  add_keyed_source(plan);
  return plan;
}

}  // namespace dataflow::plan
