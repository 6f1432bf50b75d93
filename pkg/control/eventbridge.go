package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/foretell-ml/foretell/pkg/registry"
	"github.com/foretell-ml/foretell/pkg/training"
)

// EventBridge is Schedule and DataSchedule on EventBridge Scheduler. A model has at most two
// schedules, named for it, in groups of their own: one by the clock, and one for new data, which
// is due once and is moved whenever data comes. The latter is made once, turned off, and stays:
// one that deleted itself after its time could take a move with it that came just then.
//
// Both call the retrain function. To move a schedule, neither target nor role need be known: they
// are taken over from what is there.
type EventBridge struct {
	Client    *scheduler.Client
	Group     string // of the schedules by the clock
	DataGroup string // of those for new data
	// The rest is for Put alone.
	Function    string // ARN of the retrain function
	Role        string // ARN of the role that may call it
	DeadLetters string // ARN of the queue of calls that failed each time
	Now         func() time.Time
}

var (
	_ Schedule     = EventBridge{}
	_ DataSchedule = EventBridge{}
)

// due is the input of a schedule's call, a RetrainEvent but for what it is for itself.
type due struct {
	Model registry.ModelName `json:"model"`
	Due   string             `json:"due"`
	Since time.Time          `json:"since,omitzero"` // Waiting.Since
}

// scheduledTime is what the scheduler puts the time in place of.
const scheduledTime = "<aws.scheduler.scheduled-time>"

// Put implements Schedule.
func (e EventBridge) Put(ctx context.Context, model registry.ModelName, c training.ScheduleConfig) error {
	timing := c.Timing()
	target := &types.Target{
		Arn: &e.Function, RoleArn: &e.Role, Input: aws.String(inputOf(model, time.Time{})),
		DeadLetterConfig: &types.DeadLetterConfig{Arn: &e.DeadLetters},
		RetryPolicy: &types.RetryPolicy{
			MaximumRetryAttempts: aws.Int32(int32(timing.Retries)), MaximumEventAgeInSeconds: aws.Int32(int32(timing.Within / time.Second))},
	}
	clock := &scheduler.CreateScheduleInput{
		Name: aws.String(string(model)), GroupName: &e.Group, Target: target, FlexibleTimeWindow: windowOf(timing.Window),
		Description:        aws.String("Foretell: trains " + string(model) + " again"),
		ScheduleExpression: &c.At, State: types.ScheduleStateEnabled,
	}
	if c.TimeZone != "" {
		clock.ScheduleExpressionTimezone = &c.TimeZone
	}
	data := &scheduler.CreateScheduleInput{
		Name: clock.Name, GroupName: &e.DataGroup, Target: target, FlexibleTimeWindow: windowOf(0),
		Description:        aws.String("Foretell: trains " + string(model) + " again, on new data; turned off until there is some"),
		ScheduleExpression: aws.String(once(e.Now().Add(timing.Debounce))), State: types.ScheduleStateDisabled,
	}
	if err := e.putOrDelete(ctx, clock, c.At != ""); err != nil {
		return err
	}
	return e.putOrDelete(ctx, data, c.OnNewData)
}

// putOrDelete sees to it that a schedule is there, or is not.
func (e EventBridge) putOrDelete(ctx context.Context, in *scheduler.CreateScheduleInput, wanted bool) error {
	if !wanted {
		return e.delete(ctx, *in.GroupName, *in.Name)
	}
	_, err := e.Client.CreateSchedule(ctx, in)
	var exists *types.ConflictException
	if errors.As(err, &exists) {
		_, err = e.Client.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{
			Name: in.Name, GroupName: in.GroupName, Description: in.Description, Target: in.Target, FlexibleTimeWindow: in.FlexibleTimeWindow,
			ScheduleExpression: in.ScheduleExpression, ScheduleExpressionTimezone: in.ScheduleExpressionTimezone, State: in.State,
		})
	}
	var invalid *types.ValidationException
	if errors.As(err, &invalid) {
		return &ScheduleError{*in.ScheduleExpression, invalid.ErrorMessage()}
	}
	if err != nil {
		return fmt.Errorf("schedule %s: %w", *in.Name, err)
	}
	return nil
}

// Delete implements Schedule.
func (e EventBridge) Delete(ctx context.Context, model registry.ModelName) error {
	return errors.Join(e.delete(ctx, e.Group, string(model)), e.delete(ctx, e.DataGroup, string(model)))
}

func (e EventBridge) delete(ctx context.Context, group, name string) error {
	_, err := e.Client.DeleteSchedule(ctx, &scheduler.DeleteScheduleInput{Name: &name, GroupName: &group})
	var missing *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &missing) {
		return fmt.Errorf("delete schedule %s: %w", name, err)
	}
	return nil
}

// PutOff implements DataSchedule. Of two calls at once the later write stays: the times differ by
// as little as the calls do.
func (e EventBridge) PutOff(ctx context.Context, model registry.ModelName, change func(Waiting) Waiting) (bool, error) {
	name := string(model)
	got, err := e.Client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &name, GroupName: &e.DataGroup})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	before, err := waiting(got)
	if err != nil {
		return false, fmt.Errorf("schedule %s: %w", name, err)
	}
	after := change(before)
	target := *got.Target
	target.Input = aws.String(inputOf(model, after.Since))
	_, err = e.Client.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{
		Name: &name, GroupName: &e.DataGroup, Description: got.Description, Target: &target, FlexibleTimeWindow: got.FlexibleTimeWindow,
		ScheduleExpression: aws.String(once(after.Due)), State: types.ScheduleStateEnabled,
	})
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

// waiting reads what PutOff wrote; a schedule that is turned off has nothing waiting.
func waiting(s *scheduler.GetScheduleOutput) (w Waiting, err error) {
	if s.State == types.ScheduleStateDisabled {
		return Waiting{}, nil
	}
	var input due
	if err := json.Unmarshal([]byte(aws.ToString(s.Target.Input)), &input); err != nil {
		return Waiting{}, err
	}
	w.Since = input.Since
	w.Due, err = time.Parse(onceForm, aws.ToString(s.ScheduleExpression))
	return w, err
}

// onceForm is an expression that is due once, in UTC.
const onceForm = "at(2006-01-02T15:04:05)"

func once(at time.Time) string { return at.UTC().Format(onceForm) }

func inputOf(model registry.ModelName, since time.Time) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // the scheduler looks for < and >
	if err := e.Encode(due{model, scheduledTime, since}); err != nil {
		panic("control: a name and a time do not encode: " + err.Error())
	}
	return strings.TrimSpace(text.String())
}

func windowOf(window time.Duration) *types.FlexibleTimeWindow {
	if window == 0 {
		return &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff}
	}
	return &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeFlexible, MaximumWindowInMinutes: aws.Int32(int32(window / time.Minute))}
}
