// Tests of the bridge through MongoDB's Go driver: it must be built (npm run build), go test starts it.
package driver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Where the bridge of this run listens.
var uri string

func TestMain(m *testing.M) {
	code, err := runBesideBridge(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// runBesideBridge starts a bridge on an empty data directory, runs the tests, and ends it.
func runBesideBridge(m *testing.M) (int, error) {
	data, err := os.MkdirTemp("", "argon-go-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(data)
	program := filepath.Join("..", "..", "kernel-bridge", "bin", "argon.js")
	bridge := exec.Command("node", program, "serve", "--data", filepath.Join(data, "data"), "--port", "0", "--no-auth")
	bridge.Stderr = os.Stderr
	out, err := bridge.StdoutPipe()
	if err != nil {
		return 1, err
	}
	if err := bridge.Start(); err != nil {
		return 1, fmt.Errorf("the bridge could not be started: %w", err)
	}
	defer func() {
		_ = bridge.Process.Signal(os.Interrupt)
		_ = bridge.Wait()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return 1, fmt.Errorf("the bridge ended before it was ready: %w", err)
	}
	var ready struct{ Wire string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		return 1, err
	}
	uri = ready.Wire
	return m.Run(), nil
}

func connect(t *testing.T) (*mongo.Client, context.Context) {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetCompressors([]string{"zlib"}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(func() {
		_ = client.Disconnect(context.Background())
		cancel()
	})
	return client, ctx
}

// TestCompressors writes and reads compressible documents with each way of compressing that the bridge says it knows.
func TestCompressors(t *testing.T) {
	plain, ctx := connect(t)
	var hello struct{ Compression []string }
	offered := bson.D{{Key: "hello", Value: 1}, {Key: "compression", Value: bson.A{"zstd", "snappy", "zlib", "none"}}}
	if err := plain.Database("admin").RunCommand(ctx, offered).Decode(&hello); err != nil {
		t.Fatal(err)
	}
	agreed := strings.TrimPrefix(strings.Join(hello.Compression, " "), "zstd ")
	if agreed != "snappy zlib" {
		t.Fatalf("agreed on %v", hello.Compression)
	}
	for _, name := range hello.Compression {
		client, err := mongo.Connect(options.Client().ApplyURI(uri).SetCompressors([]string{name}))
		if err != nil {
			t.Fatal(err)
		}
		coll := client.Database("go_compressors").Collection(name)
		var documents []any
		for i := 0; i < 2000; i++ {
			documents = append(documents, bson.D{{Key: "_id", Value: i}, {Key: "text", Value: strings.Repeat("argon ", i%200)}})
		}
		if _, err := coll.InsertMany(ctx, documents); err != nil {
			t.Fatal(name, err)
		}
		cursor, err := coll.Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
		if err != nil {
			t.Fatal(name, err)
		}
		var found []struct {
			ID   int `bson:"_id"`
			Text string
		}
		if err := cursor.All(ctx, &found); err != nil {
			t.Fatal(name, err)
		}
		for i, each := range found {
			if each.ID != i || each.Text != strings.Repeat("argon ", i%200) {
				t.Fatalf("%s: document %d came back as %v", name, i, each)
			}
		}
		if len(found) != len(documents) {
			t.Fatalf("%s: %d documents came back", name, len(found))
		}
		_ = client.Disconnect(ctx)
	}
}

// must ends a test that cannot go on.
func must[V any](value V, err error) func(*testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func equal[V comparable](t *testing.T, what string, got, want V) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

type penguin struct {
	ID      int      `bson:"_id"`
	Name    string   `bson:"name"`
	Species string   `bson:"species"`
	Mass    float64  `bson:"mass"`
	Tags    []string `bson:"tags,omitempty"`
}

func TestCreateReadUpdateDelete(t *testing.T) {
	client, ctx := connect(t)
	birds := client.Database("go_crud").Collection("birds")
	must(birds.InsertMany(ctx, []any{
		penguin{1, "Pip", "Adelie", 3.7, nil},
		penguin{2, "Gus", "Gentoo", 5.2, []string{"big"}},
		penguin{3, "Chi", "Chinstrap", 3.8, nil},
	}))(t)
	cursor := must(birds.Find(ctx, bson.D{{"mass", bson.D{{"$lt", 5}}}}, options.Find().SetSort(bson.D{{"mass", -1}}).SetBatchSize(1)))(t)
	var light []penguin
	if err := cursor.All(ctx, &light); err != nil {
		t.Fatal(err)
	}
	equal(t, "light birds", len(light), 2)
	equal(t, "heaviest light bird", light[0].Name, "Chi")
	updated := must(birds.UpdateMany(ctx, bson.D{{"tags", bson.D{{"$exists", false}}}}, bson.D{{"$push", bson.D{{"tags", "small"}}}}))(t)
	equal(t, "modified", updated.ModifiedCount, 2)
	var after penguin
	err := birds.FindOneAndUpdate(ctx, bson.D{{"_id", 2}}, bson.D{{"$inc", bson.D{{"mass", 0.3}}}},
		options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&after)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "mass", after.Mass, 5.5)
	equal(t, "deleted", must(birds.DeleteOne(ctx, bson.D{{"_id", 1}}))(t).DeletedCount, 1)
	equal(t, "left", must(birds.CountDocuments(ctx, bson.D{}))(t), 2)
	_, err = birds.InsertOne(ctx, penguin{ID: 2})
	if !mongo.IsDuplicateKeyError(err) {
		t.Fatalf("a second _id 2 gave %v", err)
	}
	result := must(birds.BulkWrite(ctx, []mongo.WriteModel{
		mongo.NewInsertOneModel().SetDocument(penguin{ID: 9}),
		mongo.NewReplaceOneModel().SetFilter(bson.D{{"_id", 3}}).SetReplacement(penguin{3, "Kim", "Chinstrap", 4, nil}),
		mongo.NewUpdateOneModel().SetFilter(bson.D{{"_id", 77}}).SetUpdate(bson.D{{"$set", bson.D{{"name", "new"}}}}).SetUpsert(true),
		mongo.NewDeleteManyModel().SetFilter(bson.D{{"_id", 9}}),
	}))(t)
	equal(t, "upserted", result.UpsertedCount, 1)
	equal(t, "deleted in bulk", result.DeletedCount, 1)
}

func TestAggregateAndIndexes(t *testing.T) {
	client, ctx := connect(t)
	sales := client.Database("go_agg").Collection("sales")
	var rows []any
	for i := 0; i < 500; i++ {
		rows = append(rows, bson.D{{"_id", i}, {"shop", i % 5}, {"amount", i}})
	}
	must(sales.InsertMany(ctx, rows))(t)
	must(sales.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{"shop", 1}, {"amount", -1}}}))(t)
	cursor := must(sales.Aggregate(ctx, bson.A{
		bson.D{{"$match", bson.D{{"amount", bson.D{{"$gte", 100}}}}}},
		bson.D{{"$group", bson.D{{"_id", "$shop"}, {"sum", bson.D{{"$sum", "$amount"}}}}}},
		bson.D{{"$sort", bson.D{{"_id", 1}}}},
	}))(t)
	var sums []struct {
		ID  int `bson:"_id"`
		Sum int `bson:"sum"`
	}
	if err := cursor.All(ctx, &sums); err != nil {
		t.Fatal(err)
	}
	equal(t, "groups", len(sums), 5)
	equal(t, "sum of shop 4", sums[4].Sum, 24120)
	specs := must(sales.Indexes().ListSpecifications(ctx))(t)
	equal(t, "indexes", len(specs), 2)
}

func TestTransaction(t *testing.T) {
	client, ctx := connect(t)
	accounts := client.Database("go_txn").Collection("accounts")
	must(accounts.InsertMany(ctx, []any{bson.D{{"_id", "a"}, {"n", 100}}, bson.D{{"_id", "b"}, {"n", 0}}}))(t)
	session := must(client.StartSession())(t)
	defer session.EndSession(ctx)
	must(session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
		if _, err := accounts.UpdateOne(ctx, bson.D{{"_id", "a"}}, bson.D{{"$inc", bson.D{{"n", -30}}}}); err != nil {
			return nil, err
		}
		return accounts.UpdateOne(ctx, bson.D{{"_id", "b"}}, bson.D{{"$inc", bson.D{{"n", 30}}}})
	}))(t)
	failed := errors.New("changed my mind")
	_, err := session.WithTransaction(ctx, func(ctx context.Context) (any, error) {
		if _, err := accounts.DeleteMany(ctx, bson.D{}); err != nil {
			return nil, err
		}
		return nil, failed
	})
	if !errors.Is(err, failed) {
		t.Fatalf("the transaction ended with %v", err)
	}
	var b struct{ N int }
	if err := accounts.FindOne(ctx, bson.D{{"_id", "b"}}).Decode(&b); err != nil {
		t.Fatal(err)
	}
	equal(t, "b has", b.N, 30)
}

func TestChangeStreamGoesOn(t *testing.T) {
	client, ctx := connect(t)
	birds := client.Database("go_watch").Collection("birds")
	must(birds.InsertOne(ctx, bson.D{{"_id", 0}}))(t)
	stream := must(birds.Watch(ctx, mongo.Pipeline{}, options.ChangeStream().SetFullDocument(options.UpdateLookup)))(t)
	must(birds.InsertOne(ctx, bson.D{{"_id", 1}}))(t)
	must(birds.UpdateOne(ctx, bson.D{{"_id", 1}}, bson.D{{"$set", bson.D{{"a", 1}}}}))(t)
	types := func(stream *mongo.ChangeStream, count int) string {
		var found []string
		for i := 0; i < count && stream.Next(ctx); i++ {
			found = append(found, stream.Current.Lookup("operationType").StringValue())
		}
		return strings.Join(found, " ")
	}
	equal(t, "first event", types(stream, 1), "insert")
	token := stream.ResumeToken()
	_ = stream.Close(ctx)
	again := must(birds.Watch(ctx, mongo.Pipeline{}, options.ChangeStream().SetResumeAfter(token)))(t)
	must(birds.DeleteOne(ctx, bson.D{{"_id", 1}}))(t)
	equal(t, "events after", types(again, 2), "update delete")
	_ = again.Close(ctx)
}

func TestSnapshotSessionReadsOneState(t *testing.T) {
	client, ctx := connect(t)
	birds := client.Database("go_snapshot").Collection("birds")
	must(birds.InsertOne(ctx, bson.D{{"_id", 1}}))(t)
	session := must(client.StartSession(options.Session().SetSnapshot(true)))(t)
	defer session.EndSession(ctx)
	count := func() int {
		var n int
		err := mongo.WithSession(ctx, session, func(ctx context.Context) error {
			cursor, err := birds.Find(ctx, bson.D{})
			if err != nil {
				return err
			}
			var all []bson.D
			err = cursor.All(ctx, &all)
			n = len(all)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	equal(t, "before", count(), 1)
	must(birds.InsertOne(ctx, bson.D{{"_id", 2}}))(t)
	equal(t, "in the same session", count(), 1)
	equal(t, "outside", must(birds.CountDocuments(ctx, bson.D{}))(t), 2)
}

func TestGridFS(t *testing.T) {
	client, ctx := connect(t)
	bucket := client.Database("go_files").GridFSBucket()
	content := bytes.Repeat([]byte("argon "), 200_000)
	id := must(bucket.UploadFromStream(ctx, "notes.txt", bytes.NewReader(content)))(t)
	stream := must(bucket.OpenDownloadStream(ctx, id))(t)
	back := must(io.ReadAll(stream))(t)
	equal(t, "bytes back", len(back), len(content))
	if !bytes.Equal(back, content) {
		t.Fatal("the file came back with other bytes")
	}
}
