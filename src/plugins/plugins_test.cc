// Plug-ins within this process: what they add, what they give and how they fail, by the very
// headers that their authors use.
#include "plugins/plugins.h"

#include <dataflow/plugin.h>
#include <gtest/gtest.h>

#include <map>

namespace dataflow::plugins {
namespace {

namespace abi = plugin::abi;
namespace df = plugin;

// Gives each row back with the number of rows of its key so far; throws at -1, and lets 0 die.
class Counting final : public df::Operator {
 public:
  explicit Counting(df::Schema schema) : output_(std::move(schema)) {}
  void open(df::OperatorContext& context) override {
    context_ = &context;
    table_.emplace(context.table({"counts", {df::ValueKind::kInt64, df::ValueKind::kBytes}}));
  }
  void on_batch(const df::Batch& batch, df::Output& out) override {
    for (int64_t row = 0; row < batch.size(); ++row) {
      const int64_t v = batch.column("v").is_null(row) ? 7 : batch.column("v").integer(row);
      if (v == -1) throw df::Error("minus one is too little");
      if (v == 0) {
        context_->dead_letter(row, "v", "is zero");
        continue;
      }
      const df::Table::Row state = table_->upsert(batch.key(row));
      table_->set_integer(state, 0, table_->integer(state, 0) + 1);
      table_->set_bytes(state, 1, batch.column("k").text(row));
      output_.text(0, table_->bytes(state, 1));
      output_.integer(1, table_->integer(state, 0));
    }
    out.emit(output_);
  }

 private:
  df::BatchBuilder output_;
  df::OperatorContext* context_ = nullptr;
  std::optional<df::Table> table_;
};

df::Shape counting_shape(const df::Request& request) {
  request.options.text("unused", "");
  return df::Shape(df::Schema({{"k", "STRING"}, {"n", "BIGINT", false}}));
}

const abi::Plugin& first_plugin() {
  static const abi::Plugin made = df::detail::make_plugin(
      "first", "1.0", [](abi::Registrar& registrar, abi::Texts& error) noexcept {
        return df::detail::guarded(error, [&] {
          df::Registry registry(registrar);
          registry.add_operator("counting", counting_shape, [](const df::Request& request) {
            return std::make_unique<Counting>(counting_shape(request).schema);
          });
          registry.add_source("nothing", [](const df::Request&) -> std::unique_ptr<df::Source> {
            throw df::Error("there is nothing to read");
          });
        });
      });
  return made;
}

abi::Plugin with_source(const char* plugin, bool (*add)(abi::Registrar&, abi::Texts&) noexcept) {
  return df::detail::make_plugin(plugin, "2.0", add);
}

std::unique_ptr<Plugins> none() {
  return *Plugins::load(posix_env(), nullptr, "", {{"log"}, {"log"}});
}

class Context final : public engine::OperatorContext, public engine::Collector {
 public:
  const std::string& operator_id() const override { return id_; }
  int task() const override { return 0; }
  int parallelism() const override { return 1; }
  int64_t now_millis() override { return 0; }
  Result<state::KeyedTable*> table(state::TableSpec spec) override {
    table_ = std::make_unique<state::KeyedTable>(std::move(spec));
    return table_.get();
  }
  Result<std::map<std::string, std::string>> named_state() override {
    return std::map<std::string, std::string>();
  }
  void put_named_state(const std::string&, std::string) override {}
  void set_timer(int64_t) override {}
  Status dead_letter(const Batch& batch, int64_t row, engine::DeadReason, std::string_view field,
                     std::string_view words) override {
    dead.push_back(row_of(batch, row)[1].to_string() + ": " + std::string(field) + " " +
                   std::string(words));
    return {};
  }
  Status emit(Batch batch, size_t) override {
    for (int64_t row = 0; row < batch.rows; ++row) {
      const auto values = row_of(batch, row);
      rows.push_back(values[0].to_string() + values[1].to_string());
    }
    return {};
  }

  std::vector<std::string> rows, dead;

 private:
  const std::string id_ = "step";
  std::unique_ptr<state::KeyedTable> table_;
};

const SchemaPtr kInput =
    std::make_shared<Schema>(std::vector<Field>{{"k", Type::string()}, {"v", Type::int32()}});

Batch batch_of_values(const std::vector<std::pair<std::string, int64_t>>& rows) {
  std::vector<std::vector<Value>> values;
  for (const auto& [k, v] : rows) {
    values.push_back({Value::string(k), Value::integer(Type::int32(), v)});
  }
  return *batch_of(kInput, values);
}

plan::CustomSpec counting_spec() {
  plan::CustomSpec spec;
  spec.name = "counting";
  spec.keys = {"k"};
  return spec;
}

TEST(PluginsTest, AnOperatorRunsWithStateByKey) {
  const auto plugins = none();
  plugins->add("first.so", first_plugin());
  ASSERT_EQ(plugins->infos().size(), 1U);
  EXPECT_EQ(plugins->infos()[0].error, "");
  EXPECT_EQ(plugins->infos()[0].operators, std::vector<std::string>{"counting"});
  plan::CustomSpec spec = counting_spec();
  ASSERT_TRUE(plugins->describe_operator(spec, *kInput).ok());
  EXPECT_EQ(spec.schema->to_string(), "(k STRING, n BIGINT NOT NULL)");
  auto made = plugins->make_operator(spec, kInput, {"job", "step", false});
  ASSERT_TRUE(made.ok()) << made.status();
  Context context;
  ASSERT_TRUE((*made)->open(context).ok());
  // A part of a batch, so that columns do not begin at their first value.
  const Batch whole = batch_of_values({{"z", 9}, {"a", 1}, {"b", 2}, {"a", 0}, {"a", 3}});
  const Status added = (*made)->on_batch(0, slice(whole, 1, 4), context);
  ASSERT_TRUE(added.ok()) << added;
  EXPECT_EQ(context.rows, (std::vector<std::string>{"a1", "b1", "a2"}));
  EXPECT_EQ(context.dead, std::vector<std::string>{"0: v is zero"});
  const Status thrown = (*made)->on_batch(0, batch_of_values({{"a", -1}}), context);
  EXPECT_NE(thrown.message().find("minus one is too little"), std::string::npos);
}

TEST(PluginsTest, StateWithoutKeysAndUnknownOptionsAreRefused) {
  const auto plugins = none();
  plugins->add("first.so", first_plugin());
  plan::CustomSpec spec = counting_spec();
  spec.keys.clear();
  ASSERT_TRUE(plugins->describe_operator(spec, *kInput).ok());
  auto made = plugins->make_operator(spec, kInput, {"job", "step", false});
  ASSERT_TRUE(made.ok());
  Context context;
  EXPECT_NE((*made)->open(context).message().find("give it `group_by`"), std::string::npos);
  spec.options = {{"unusd", "1"}};
  const Status unknown = plugins->describe_operator(spec, *kInput);
  EXPECT_NE(unknown.message().find("`unusd` is not known here; there is unused"),
            std::string::npos);
}

TEST(PluginsTest, NamesThatAreNotThereComeWithTheNearest) {
  const auto plugins = none();
  plan::CustomSpec spec = counting_spec();
  spec.name = "conuting";
  EXPECT_NE(plugins->describe_operator(spec, *kInput).message().find("no plug-in"),
            std::string::npos);
  plugins->add("first.so", first_plugin());
  EXPECT_EQ(plugins->describe_operator(spec, *kInput).message(),
            "there is no operator `conuting`; did you mean \"counting\"?");
}

TEST(PluginsTest, ASourceThatThrowsIsRefusedWithItsWords) {
  const auto plugins = none();
  plugins->add("first.so", first_plugin());
  plan::SourceSpec spec;
  spec.connector = "nothing";
  spec.schema = kInput;
  EXPECT_EQ(plugins->make_source(spec, {"job", "in"}).status().message(),
            "source `in`: there is nothing to read");
}

TEST(PluginsTest, WhatChangedItsColumnsIsToBeDeployedAgain) {
  const auto plugins = none();
  plugins->add("first.so", first_plugin());
  plan::CustomSpec spec = counting_spec();
  ASSERT_TRUE(plugins->describe_operator(spec, *kInput).ok());
  spec.schema = kInput;
  const Status changed = plugins->make_operator(spec, kInput, {"job", "step"}).status();
  EXPECT_NE(changed.message().find("deploy the pipeline again"), std::string::npos);
}

TEST(PluginsTest, TakenNamesRefuseTheWholePlugin) {
  const auto plugins = none();
  plugins->add("first.so", first_plugin());
  plugins->add("again.so", first_plugin());
  const auto empty = [](const df::Request&) -> std::unique_ptr<df::Source> { return nullptr; };
  static const auto make = empty;
  plugins->add("log.so", with_source("log", [](abi::Registrar& registrar, abi::Texts&) noexcept {
                 df::Registry(registrar).add_source("fresh", make);
                 df::Registry(registrar).add_source("log", make);
                 return true;
               }));
  plugins->add("twice.so",
               with_source("twice", [](abi::Registrar& registrar, abi::Texts&) noexcept {
                 df::Registry(registrar).add_source("same", make);
                 df::Registry(registrar).add_source("same", make);
                 return true;
               }));
  plugins->add("taken.so",
               with_source("taken", [](abi::Registrar& registrar, abi::Texts&) noexcept {
                 df::Registry(registrar).add_source("nothing", make);
                 return true;
               }));
  const auto& infos = plugins->infos();
  ASSERT_EQ(infos.size(), 5U);
  EXPECT_NE(infos[1].error.find("its name `first` is there already, from first.so"),
            std::string::npos);
  EXPECT_NE(infos[2].error.find("its source `log` is there already, from DataFlow"),
            std::string::npos);
  EXPECT_NE(infos[3].error.find("has two sources named `same`"), std::string::npos);
  EXPECT_NE(infos[4].error.find("its source `nothing` is there already, from first.so"),
            std::string::npos);
  EXPECT_EQ(plugins->source_names(), std::vector<std::string>{"nothing"});
}

}  // namespace
}  // namespace dataflow::plugins
