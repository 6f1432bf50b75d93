package local

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/smithy-go"
)

// calls records what a Scheduler calls.
type calls struct {
	mutex sync.Mutex
	seen  []string
	err   error
}

func (s *calls) call(function string, event []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.seen = append(s.seen, fmt.Sprintf("%s %s", function[strings.LastIndexByte(function, ':')+1:], event))
	return s.err
}

func (s *calls) failWith(err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.err = err
}

// take returns what was called since the last take.
func (s *calls) take() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

func openScheduler(t *testing.T, dir string, s *calls) *Scheduler {
	t.Helper()
	out, err := OpenScheduler(SchedulerConfig{Dir: dir, Groups: []string{"foretell", "data"}, Call: s.call, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var testFunction = functionARN("test")

func recordOf(name, expression string) scheduleRecord {
	return scheduleRecord{
		Name: name, Group: "foretell", Expression: expression, Timezone: "UTC", State: stateEnabled, After: "NONE",
		Target: scheduleTarget{ARN: testFunction, Role: "role", Input: `{"` + name + `":"<aws.scheduler.scheduled-time>"}`},
	}
}

// TestSchedulerRuns runs the clock. In a synctest bubble it is midnight UTC on 1 January
// 2000, a Saturday, and time passes only when everyone sleeps.
func TestSchedulerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, s := t.TempDir(), &calls{}
		clock := openScheduler(t, dir, s)
		defer func() { clock.Close() }()
		put := func(r scheduleRecord, create bool) {
			t.Helper()
			if err := clock.put(r, create); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(d time.Duration, want ...string) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := s.take(); !reflect.DeepEqual(got, want) {
				t.Errorf("at %v: started %q, want %q", time.Now().UTC(), got, want)
			}
		}

		put(recordOf("weekly", "cron(0 3 ? * MON *)"), true)
		expect(51*time.Hour - time.Second)
		expect(time.Second, `test {"weekly":"2000-01-03T03:00:00Z"}`)
		expect(167 * time.Hour)
		expect(time.Hour, `test {"weekly":"2000-01-10T03:00:00Z"}`)

		// A change of the expression counts from now on, and deletion is final.
		put(recordOf("weekly", "cron(30 4 * * ? *)"), false)
		expect(90*time.Minute, `test {"weekly":"2000-01-10T04:30:00Z"}`)
		off := recordOf("weekly", "cron(30 4 * * ? *)")
		off.State = stateDisabled
		put(off, false)
		expect(24 * time.Hour)
		put(recordOf("weekly", "cron(30 4 * * ? *)"), false)
		if err := clock.remove(scheduleID{"foretell", "weekly"}); err != nil {
			t.Fatal(err)
		}
		expect(48 * time.Hour)

		// A rate runs at once and from then on; at runs once. It is 04:30 on the 13th.
		put(recordOf("rate", "rate(90 minutes)"), true)
		expect(0, `test {"rate":"2000-01-13T04:30:00Z"}`)
		last := recordOf("once", "at(2000-01-13T05:00:00)")
		last.After = "DELETE"
		last.Target.Input = `{"at":"<aws.scheduler.scheduled-time>","of":"<aws.scheduler.schedule-arn>"}`
		put(last, true)
		expect(time.Hour, `test {"at":"2000-01-13T05:00:00Z","of":"arn:aws:scheduler:us-east-1:000000000000:schedule/foretell/once"}`)
		if _, err := clock.get(scheduleID{"foretell", "once"}); err == nil {
			t.Error("a schedule that was to be deleted after completion is still there")
		}
		expect(30*time.Minute, `test {"rate":"2000-01-13T06:00:00Z"}`)

		// What falls due while no cloud runs does not run later, and the rate keeps its beat.
		clock.Close()
		expect(4 * time.Hour)
		clock = openScheduler(t, dir, s)
		expect(0)
		expect(29 * time.Minute)
		expect(time.Minute, `test {"rate":"2000-01-13T10:30:00Z"}`)

		// A call that fails is no reason not to make the next.
		s.failWith(errors.New("no"))
		expect(90*time.Minute, `test {"rate":"2000-01-13T12:00:00Z"}`)
		expect(90*time.Minute, `test {"rate":"2000-01-13T13:30:00Z"}`)
	})
}

// TestSchedulerLateness: after a machine slept, what was due within the last minute runs
// once, and what was due before does not.
func TestSchedulerLateness(t *testing.T) {
	for _, test := range []struct {
		late time.Duration
		runs bool
	}{{0, true}, {time.Minute, true}, {time.Minute + time.Millisecond, false}, {50 * time.Hour, false}} {
		s := &calls{}
		clock := openScheduler(t, t.TempDir(), s)
		clock.Close() // the test turns the clock itself
		if err := clock.put(recordOf("daily", "cron(0 3 * * ? *)"), true); err != nil {
			t.Fatal(err)
		}
		due := clock.schedules[scheduleID{"foretell", "daily"}].due
		clock.runDue(due.Add(test.late))
		clock.runDue(due.Add(test.late))
		if ran := len(s.take()); ran > 1 || (ran == 1) != test.runs {
			t.Errorf("%v late: %d starts, want it to run: %v", test.late, ran, test.runs)
		}
		if next := clock.schedules[scheduleID{"foretell", "daily"}].due; !next.After(due.Add(test.late)) {
			t.Errorf("%v late: next due at %v, which is over", test.late, next)
		}
	}
}

// TestSchedulerMoved: a schedule that was made turned off is due when it is turned on, and moves as often
// as it is told to until it is over.
func TestSchedulerMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, s := t.TempDir(), &calls{}
		clock := openScheduler(t, dir, s)
		defer func() { clock.Close() }()
		move := func(at, state string) {
			t.Helper()
			r := recordOf("data", "at(2000-01-01T"+at+")")
			r.Group, r.State = "data", state
			if err := clock.put(r, state == stateDisabled); err != nil {
				t.Fatal(err)
			}
		}
		at := func(d time.Duration, want ...string) {
			t.Helper()
			time.Sleep(time.Until(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d)))
			synctest.Wait()
			if got := s.take(); !reflect.DeepEqual(got, want) {
				t.Errorf("after %v: called %q, want %q", d, got, want)
			}
		}
		move("00:15:00", stateDisabled)
		at(20 * time.Minute)
		move("00:35:00", stateEnabled)
		at(30 * time.Minute)
		move("00:45:00", stateEnabled)
		at(45*time.Minute - time.Second)
		clock.Close() // what is ahead survives a restart
		clock = openScheduler(t, dir, s)
		at(45*time.Minute, `test {"data":"2000-01-01T00:45:00Z"}`)
		at(50 * time.Minute)
		// It is over, and an update is refused; deleted, it can be made anew.
		again := recordOf("data", "at(2000-01-01T01:05:00)")
		again.Group = "data"
		var refused *APIError
		if err := clock.put(again, false); !errors.As(err, &refused) || refused.Code != codeConflict {
			t.Errorf("an update of what is over: %v", err)
		}
		if err := clock.remove(again.id()); err != nil {
			t.Fatal(err)
		}
		if err := clock.put(again, true); err != nil {
			t.Fatal(err)
		}
		at(65*time.Minute, `test {"data":"2000-01-01T01:05:00Z"}`)
	})
}

func schedulerClient(t *testing.T, s *Scheduler) *scheduler.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return scheduler.New(scheduler.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
}

func createInput(name, expression string) *scheduler.CreateScheduleInput {
	return &scheduler.CreateScheduleInput{
		Name: &name, GroupName: aws.String("foretell"), ScheduleExpression: &expression,
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target:             &types.Target{Arn: &testFunction, RoleArn: aws.String("role"), Input: aws.String(`{"schedule":"<&>"}`)},
	}
}

func TestSchedulerAPI(t *testing.T) {
	dir := t.TempDir()
	clock := openScheduler(t, dir, &calls{})
	client := schedulerClient(t, clock)
	ctx := t.Context()
	group := aws.String("foretell")

	in := createInput("adult-income", "cron(0 3 ? * MON *)")
	in.ScheduleExpressionTimezone = aws.String("Europe/Zurich")
	in.Description = aws.String("weekly")
	in.Target.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(3)}
	in.Target.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:q")}
	created, err := client.CreateSchedule(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:scheduler:us-east-1:000000000000:schedule/foretell/adult-income"
	if *created.ScheduleArn != arn {
		t.Errorf("ARN %s, want %s", *created.ScheduleArn, arn)
	}
	_, err = client.CreateSchedule(ctx, in)
	wantError[*types.ConflictException](t, err)

	check := func(client *scheduler.Client) *scheduler.GetScheduleOutput {
		t.Helper()
		got, err := client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: in.Name, GroupName: group})
		if err != nil {
			t.Fatal(err)
		}
		want := &scheduler.GetScheduleOutput{
			Arn: aws.String(arn), Name: in.Name, GroupName: group, Description: in.Description,
			ScheduleExpression: in.ScheduleExpression, ScheduleExpressionTimezone: in.ScheduleExpressionTimezone,
			State: types.ScheduleStateEnabled, ActionAfterCompletion: types.ActionAfterCompletionNone,
			FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target,
			CreationDate: got.CreationDate, LastModificationDate: got.LastModificationDate, ResultMetadata: got.ResultMetadata,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("GetSchedule gave %+v, want %+v", got, want)
		}
		if age := time.Since(*got.CreationDate); age < -time.Second || age > time.Minute {
			t.Errorf("created %v ago", age)
		}
		return got
	}
	first := check(client)

	_, err = client.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{
		Name: in.Name, GroupName: group, ScheduleExpression: aws.String("rate(5 days)"), Target: in.Target,
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeFlexible, MaximumWindowInMinutes: aws.Int32(15)},
		State:              types.ScheduleStateDisabled,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: in.Name, GroupName: group})
	if err != nil || *got.ScheduleExpression != "rate(5 days)" || got.State != types.ScheduleStateDisabled || got.Description != nil ||
		*got.ScheduleExpressionTimezone != "UTC" || *got.FlexibleTimeWindow.MaximumWindowInMinutes != 15 || !got.CreationDate.Equal(*first.CreationDate) {
		t.Errorf("after the update %+v, %v", got, err)
	}
	update := &scheduler.UpdateScheduleInput{
		Name: in.Name, GroupName: group, ScheduleExpression: in.ScheduleExpression, ScheduleExpressionTimezone: in.ScheduleExpressionTimezone,
		Description: in.Description, Target: in.Target, FlexibleTimeWindow: in.FlexibleTimeWindow,
	}
	if _, err := client.UpdateSchedule(ctx, update); err != nil {
		t.Fatal(err)
	}

	clock.Close()
	second := openScheduler(t, dir, &calls{}) // a restart finds it
	defer second.Close()
	client = schedulerClient(t, second)
	check(client)
	if _, err := client.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: in.Name, GroupName: group}); err != nil {
		t.Fatal(err)
	}
	_, err = client.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: in.Name, GroupName: group})
	wantError[*types.ResourceNotFoundException](t, err)
	_, err = client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: in.Name, GroupName: group})
	wantError[*types.ResourceNotFoundException](t, err)
	_, err = client.UpdateSchedule(ctx, update)
	wantError[*types.ResourceNotFoundException](t, err)
	third := openScheduler(t, dir, &calls{}) // and so does it find that it is gone
	defer third.Close()
	if left := third.list(""); len(left) != 0 {
		t.Errorf("after deletion and restart %+v", left)
	}
}

func TestSchedulerRefuses(t *testing.T) {
	clock := openScheduler(t, t.TempDir(), &calls{})
	defer clock.Close()
	client := schedulerClient(t, clock)
	tests := []struct {
		name   string
		change func(*scheduler.CreateScheduleInput)
		want   string
	}{
		{"expression", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = aws.String("cron(0 3 * * *)") }, "has 5 fields, not 6"},
		{"zone", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpressionTimezone = aws.String("Mars") }, `time zone "Mars" is not known`},
		{"the past", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = aws.String("at(2001-01-01T00:00:00)") }, "never due"},
		{"a day that never comes", func(in *scheduler.CreateScheduleInput) { in.ScheduleExpression = aws.String("cron(0 0 31 2 ? *)") }, "never due"},
		{"name", func(in *scheduler.CreateScheduleInput) { in.Name = aws.String("a/b") }, `Name "a/b"`},
		{"target", func(in *scheduler.CreateScheduleInput) { in.Target.Arn = aws.String(testMachine) }, "not the ARN of a function"},
		{"input", func(in *scheduler.CreateScheduleInput) { in.Target.Input = aws.String("{") }, "Target.Input is not JSON"},
		{"two faults", func(in *scheduler.CreateScheduleInput) { in.State, in.Target.Input = "ON", aws.String("{") }, `State is "ON", not ENABLED or DISABLED; Target.Input`},
		{"window", func(in *scheduler.CreateScheduleInput) { in.FlexibleTimeWindow.Mode = "FLEXIBLE" }, "MaximumWindowInMinutes is not within 1 to 1440"},
		{"start date", func(in *scheduler.CreateScheduleInput) { in.StartDate = aws.Time(time.Now()) }, `"StartDate"`},
		{"queue", func(in *scheduler.CreateScheduleInput) { in.Target.SqsParameters = &types.SqsParameters{} }, `"SqsParameters"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := createInput("a", "cron(0 3 ? * MON *)")
			test.change(in)
			_, err := client.CreateSchedule(t.Context(), in)
			var invalid *types.ValidationException
			if !errors.As(err, &invalid) || !strings.Contains(invalid.ErrorMessage(), test.want) {
				t.Errorf("CreateSchedule gave %v, want a ValidationException with %q", err, test.want)
			}
		})
	}
	other := createInput("a", "rate(5 days)")
	other.GroupName = nil
	_, err := client.CreateSchedule(t.Context(), other)
	wantError[*types.ResourceNotFoundException](t, err)
	if left := clock.list(""); len(left) != 0 {
		t.Errorf("what was refused is there: %+v", left)
	}
	var unknown smithy.APIError
	_, err = client.CreateScheduleGroup(t.Context(), &scheduler.CreateScheduleGroupInput{Name: aws.String("g")})
	if !errors.As(err, &unknown) || unknown.ErrorCode() != "UnknownOperationException" {
		t.Errorf("an operation that is not there gave %v", err)
	}
}

func TestSchedulerList(t *testing.T) {
	clock := openScheduler(t, t.TempDir(), &calls{})
	defer clock.Close()
	client := schedulerClient(t, clock)
	for _, name := range []string{"b2", "a", "b1", "b3"} {
		in := createInput(name, "rate(5 days)")
		if name == "b2" {
			in.State = types.ScheduleStateDisabled
		}
		if _, err := client.CreateSchedule(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	list := func(in scheduler.ListSchedulesInput) (names []string) {
		in.GroupName, in.MaxResults = aws.String("foretell"), aws.Int32(2)
		pages := scheduler.NewListSchedulesPaginator(client, &in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.Schedules {
				names = append(names, *s.Name)
			}
		}
		return names
	}
	if got := fmt.Sprint(list(scheduler.ListSchedulesInput{})); got != "[a b1 b2 b3]" {
		t.Errorf("list gave %s", got)
	}
	other := createInput("a", "rate(5 days)") // another group has names of its own
	other.GroupName = aws.String("data")
	if _, err := client.CreateSchedule(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(list(scheduler.ListSchedulesInput{NamePrefix: aws.String("a")})); got != "[a]" {
		t.Errorf("list of one group gave %s", got)
	}
	if _, err := client.DeleteSchedule(t.Context(), &scheduler.DeleteScheduleInput{Name: other.Name, GroupName: aws.String("foretell")}); err != nil {
		t.Error(err)
	}
	if _, err := client.GetSchedule(t.Context(), &scheduler.GetScheduleInput{Name: other.Name, GroupName: other.GroupName}); err != nil {
		t.Errorf("with the other group's it is gone: %v", err)
	}
	if got := fmt.Sprint(list(scheduler.ListSchedulesInput{NamePrefix: aws.String("b"), State: types.ScheduleStateEnabled})); got != "[b1 b3]" {
		t.Errorf("filtered list gave %s", got)
	}
}
