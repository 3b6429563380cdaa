#include "duck_catalog.h"

#include <mutex>
#include <utility>

#include "catalog_asked.h"
#include "catalog_facts.h"
#include "catalog_rewrite.h"
#include "duck_database.h"

namespace dataflow::postgres {
namespace {

constexpr uint32_t kInt2vectorOid = 22, kOidOid = 26, kOidArrayOid = 1028;

// The catalog's tables have types for these that nothing else there is of (schemas_and_types()).
uint32_t oid_of_column(const DuckType& type) {
  if (type.id == DUCKDB_TYPE_UINTEGER) return kOidOid;
  if (type.element.empty()) return 0;
  if (type.element.front().id == DUCKDB_TYPE_UINTEGER) return kOidArrayOid;
  return type.element.front().id == DUCKDB_TYPE_USMALLINT ? kInt2vectorOid : 0;
}

// As PostgreSQL shows it: "1 2".
Value vector_text(const Value& list) {
  if (list.is_null()) return Value::null(Type::string());
  std::string out;
  for (const Value& part : list.as_list()) {
    if (!out.empty()) out += ' ';
    out += part.to_string();
  }
  return Value::string(std::move(out));
}

void rename(std::vector<std::string>& names, const SelectedNames& selected) {
  if (selected.before.size() + selected.after.size() > names.size()) return;
  if (!selected.star && selected.before.size() != names.size()) return;
  for (size_t i = 0; i < selected.before.size(); ++i) {
    if (selected.before[i]) names[i] = *selected.before[i];
  }
  const size_t after = names.size() - selected.after.size();
  for (size_t i = 0; i < selected.after.size(); ++i) {
    if (selected.after[i]) names[after + i] = *selected.after[i];
  }
}

CatalogQueries::Answer answer_of(DuckDatabase::Rows rows) {
  CatalogQueries::Answer out;
  out.rows = std::move(rows.rows);
  for (size_t column = 0; column < rows.types.size(); ++column) {
    const uint32_t oid = oid_of_column(rows.types[column]);
    Type type = rows.types[column].type;
    if (oid == kInt2vectorOid) {
      type = Type::string();
      for (jobs::Row& row : out.rows) row[column] = vector_text(row[column]);
    }
    out.columns.push_back({std::move(rows.names[column]), std::move(type), true});
    out.oids.push_back(oid);
  }
  return out;
}

class DuckCatalog final : public CatalogQueries {
 public:
  DuckCatalog(jobs::SqlService& service, CatalogIdentity identity)
      : service_(service), identity_(std::move(identity)) {}

  bool answers(std::string_view statement) const override { return asks_of_catalog(statement); }

  Result<Answer> ask(std::string_view statement,
                     const std::vector<std::optional<std::string>>& parameters,
                     const CatalogSession& session) override {
    DF_ASSIGN_OR_RETURN(const CatalogTokens tokens, catalog_tokens(statement));
    if (!is_query(tokens)) return Status::invalid("the catalog takes SELECT alone");
    DF_ASSIGN_OR_RETURN(const CatalogTokens plain, plain_catalog_tokens(tokens, parameters));
    const CatalogEvaluate one = [this](CatalogTokens query) { return value_of(std::move(query)); };
    DF_ASSIGN_OR_RETURN(CatalogTokens known, session_tokens(plain, session, one));
    DF_ASSIGN_OR_RETURN(DuckDatabase::Rows rows, select(std::move(known)));
    rename(rows.names, selected_names(plain));
    return answer_of(std::move(rows));
  }

 private:
  Result<std::optional<std::string>> value_of(CatalogTokens query) {
    DF_ASSIGN_OR_RETURN(const DuckDatabase::Rows rows, select(std::move(query)));
    if (rows.rows.size() != 1 || rows.rows[0].size() != 1 || rows.rows[0][0].is_null()) {
      return std::optional<std::string>();
    }
    return std::optional(rows.rows[0][0].to_string());
  }

  Result<DuckDatabase::Rows> select(CatalogTokens tokens) {
    DF_ASSIGN_OR_RETURN(const CatalogTokens duck, duck_tokens(spelt_for_duck(std::move(tokens))));
    const std::string statement = to_text(duck);
    const std::lock_guard lock(mutex_);
    if (duck_ == nullptr) {
      DF_ASSIGN_OR_RETURN(std::unique_ptr<DuckDatabase> duck, DuckDatabase::open());
      DF_RETURN_IF_ERROR(create_catalog(*duck, identity_));
      duck_ = std::move(duck);
    }
    // The version first: relations that change behind it are read again at the next question.
    const uint64_t version = service_.version();
    if (filled_ != version) {
      filled_.reset();
      DF_RETURN_IF_ERROR(fill_catalog(*duck_, service_.relations()));
      filled_ = version;
    }
    return duck_->select(statement);
  }

  jobs::SqlService& service_;
  const CatalogIdentity identity_;
  std::mutex mutex_;
  std::unique_ptr<DuckDatabase> duck_;
  std::optional<uint64_t> filled_;
};

}  // namespace

std::unique_ptr<CatalogQueries> make_duck_catalog(jobs::SqlService& service,
                                                  CatalogIdentity identity) {
  return std::make_unique<DuckCatalog>(service, std::move(identity));
}

}  // namespace dataflow::postgres
