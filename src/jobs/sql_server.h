// The part of a server's SQL that all sessions share. Changes of the catalog come one after the
// other; who reads it holds a copy that does not change.
//
// A change is written to meta before what it names is made, and forgotten there after that is gone:
// whoever is killed in between finds at the next start what is to be made or taken away.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "jobs/sql_server.h"
#include "sql/catalog.h"
#include "sql/settings.h"
#include "sql_objects.h"

namespace dataflow::jobs {

class TableIndexes;

class SqlServer final : public SqlService {
 public:
  explicit SqlServer(SqlParts parts);
  ~SqlServer() override;
  Status open();

  std::unique_ptr<SqlSession> open_session() override;
  std::vector<RelationFacts> relations() const override;
  uint64_t version() const override { return version_; }

  const SqlParts& parts() const { return parts_; }
  std::shared_ptr<const sql::Catalog> catalog() const;
  struct CatalogAt {
    std::shared_ptr<const sql::Catalog> catalog;
    uint64_t version;  // of that one
  };
  CatalogAt catalog_at() const;
  // A name for a job that no other has.
  std::string job_name(const std::string& what) { return what + "-" + std::to_string(++jobs_); }
  // Writes to that table, of which some read it before (UPDATE, DELETE), come one after the other.
  std::timed_mutex& writing(const std::string& table);
  // While it is held nothing is defined, altered or dropped.
  std::unique_lock<std::mutex> hold_catalog() { return std::unique_lock(changing_); }
  // Of the rows of keyed tables, in memory.
  TableIndexes& indexes() { return *indexes_; }

  // Each is refused before anything changes, or done; `script` is what places count in.
  Status create(const sql::CreateTable& create, const std::string& text, const std::string& script);
  // A materialized view is kept as these settings say, from now on.
  Status create(const sql::CreateView& create, const std::string& text, const std::string& script,
                const sql::Settings& settings, std::vector<std::string>& warnings);
  Status create(const sql::CreateFunction& create, const std::string& text,
                const std::string& script);
  Status alter(const sql::AlterTable& alter, const std::string& script);
  Status drop(const sql::Drop& drop, const std::string& script);

 private:
  using Changed = std::shared_ptr<sql::Catalog>;

  Changed copy() const;
  void publish(Changed catalog);
  SqlObject numbered(SqlObject object);
  Status keep(SqlObject object);
  Status refuse_going(const sql::Name& name, const std::string& script) const;
  Status finish_drop(std::vector<SqlObject> objects, const sql::Catalog& catalog);
  Status forget(const SqlObject& object);
  Status ensure_topic(const sql::Table& table) const;
  Status create_kept(const sql::CreateView& create, const std::string& text,
                     const std::string& script, const sql::Settings& settings,
                     std::vector<std::string>& warnings);
  Status refuse_taken(const sql::CreateView& create, const std::string& script) const;
  Status refuse_replacing(const sql::CreateView& create, const std::string& script) const;
  Status replace_kept(const sql::CreateView& create, const std::string& script, Changed catalog);
  Status begin_anew(const sql::View& view, const sql::Catalog& catalog);
  Status deploy_view(const sql::View& view, const sql::Catalog& catalog);
  Status bring_views_up(const std::vector<SqlObject>& objects, const sql::Catalog& catalog);
  std::string owner_of(const std::string& pipeline) const;
  Status refuse_altering(const sql::AlterTable& alter, const std::string& script) const;
  Status take_away(const SqlObject& object, const sql::Catalog& catalog);
  Status refuse_readers(const sql::Name& name, const std::string& topic,
                        const std::vector<SqlObject>& going, const std::string& script) const;

  const SqlParts parts_;
  std::mutex changing_;  // one change at a time
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<std::timed_mutex>> writing_;  // by table
  std::shared_ptr<const sql::Catalog> catalog_ = std::make_shared<const sql::Catalog>();
  std::map<std::string, int64_t> numbers_;  // of objects, by their keys
  int64_t next_number_ = 1;
  std::map<std::string, std::string> going_;  // what could not be dropped yet, and why
  std::atomic<uint64_t> version_ = 1;
  std::atomic<uint64_t> jobs_ = 0;
  const std::unique_ptr<TableIndexes> indexes_;
};

// The pipeline that keeps a materialized view up to date.
std::string pipeline_of_view(const std::string& view);

}  // namespace dataflow::jobs
