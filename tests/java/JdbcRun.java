// pgjdbc against a running server: what an application does with a connection. Prints what differs
// from what it should be, else "all as it should be". Argument: HOST:PORT.

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

public final class JdbcRun {
  private static int wrong = 0;

  private static void expect(String what, Object expected, Object found) {
    if (Objects.equals(expected, found)) return;
    ++wrong;
    System.out.println(what + ": expected " + expected + ", found " + found);
  }

  public static void main(String[] arguments) throws SQLException {
    String url = "jdbc:postgresql://" + arguments[0] + "/dataflow?user=somebody";
    try (Connection connection = DriverManager.getConnection(url)) {
      writes(connection);
      reads(connection);
      tellsOfTables(connection);
      rollsBack(connection);
    }
    System.out.println(wrong == 0 ? "all as it should be" : wrong + " differ");
    System.exit(wrong == 0 ? 0 : 1);
  }

  private static void writes(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    String insert = "INSERT INTO orders VALUES (?, ?, ?, ?)";
    try (PreparedStatement statement = connection.prepareStatement(insert)) {
      for (long i = 0; i < 100; ++i) {
        statement.setLong(1, i);
        statement.setString(2, "user " + i % 7);
        statement.setBigDecimal(3, new BigDecimal("1.25").multiply(BigDecimal.valueOf(i)));
        statement.setTimestamp(4, i == 0 ? null : Timestamp.valueOf("2026-01-02 03:04:05.678"));
        statement.addBatch();
      }
      expect("rows of the batch", 100, statement.executeBatch().length);
    }
    connection.commit();
    connection.setAutoCommit(true);
    try (PreparedStatement statement =
        connection.prepareStatement("DELETE FROM orders WHERE id = ?")) {
      statement.setLong(1, 99);
      expect("rows deleted", 1, statement.executeUpdate());
    }
  }

  private static void reads(Connection connection) throws SQLException {
    String query = "SELECT id, who, amount, at FROM orders WHERE id = ?";
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      // Often enough that the driver goes over to the binary format.
      for (long i = 0; i < 12; ++i) {
        statement.setLong(1, i);
        try (ResultSet rows = statement.executeQuery()) {
          expect("a row of " + i, true, rows.next());
          expect("who", "user " + i % 7, rows.getString("who"));
          expect("amount", new BigDecimal("1.25").multiply(BigDecimal.valueOf(i)),
              rows.getBigDecimal(3));
          expect("at", i == 0 ? null : Timestamp.valueOf("2026-01-02 03:04:05.678"),
              rows.getTimestamp(4));
          expect("one row", false, rows.next());
        }
      }
    }
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(10);
      int count = 0;
      try (ResultSet rows = statement.executeQuery("SELECT id FROM orders ORDER BY id")) {
        for (; rows.next(); ++count) expect("in order", (long) count, rows.getLong(1));
      }
      expect("rows by tens", 99, count);
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  private static void tellsOfTables(Connection connection) throws SQLException {
    List<String> columns = new ArrayList<>();
    try (ResultSet rows = connection.getMetaData().getColumns(null, null, "orders", null)) {
      while (rows.next()) columns.add(rows.getString("COLUMN_NAME"));
    }
    expect("columns", List.of("id", "who", "amount", "at"), columns);
    try (ResultSet rows = connection.getMetaData().getPrimaryKeys(null, null, "orders")) {
      expect("a primary key", true, rows.next());
      expect("its column", "id", rows.getString("COLUMN_NAME"));
    }
    DatabaseMetaData about = connection.getMetaData();
    expect("catalogs", List.of("dataflow"), column(about.getCatalogs(), "TABLE_CAT"));
    expect("schemas", List.of("information_schema", "pg_catalog", "public"),
        column(about.getSchemas(), "TABLE_SCHEM"));
    String[] tables = {"TABLE"};
    expect("tables", List.of("orders"),
        column(about.getTables(null, "public", "%", tables), "TABLE_NAME"));
    expect("an index", List.of("orders_pkey"),
        column(about.getIndexInfo(null, "public", "orders", true, true), "INDEX_NAME"));
    expect("foreign keys", List.of(),
        column(about.getImportedKeys(null, "public", "orders"), "FK_NAME"));
    expect("types", true,
        column(about.getTypeInfo(), "TYPE_NAME").containsAll(
            List.of("bool", "int2", "int4", "int8", "float8", "numeric", "text", "timestamptz")));
  }

  private static List<String> column(ResultSet rows, String name) throws SQLException {
    List<String> values = new ArrayList<>();
    try (rows) {
      while (rows.next()) values.add(rows.getString(name));
    }
    return values;
  }

  private static void rollsBack(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate("DELETE FROM orders WHERE id >= 0");
      try {
        statement.executeQuery("SELECT nope FROM orders");
        expect("an error", "one", "none");
      } catch (SQLException error) {
        expect("its state", "42703", error.getSQLState());
      }
    }
    connection.rollback();
    connection.setAutoCommit(true);
  }
}
