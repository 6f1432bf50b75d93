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

// EventBridge is Schedule and DataSchedule on EventBridge Scheduler. A model has at most three
// schedules, named for it, in groups of their own: one by the clock, and two for new data. Of these
// one is made with the model's config and stays turned off. It is the pattern for the other, which is
// due once: neither target nor role need be known to make that, when data comes.
//
// What waits is moved by an update. What has been due is deleted and made anew: that an update would
// set going again a schedule that is over is nowhere documented. None deletes itself, for that could
// take one with it that was made just then.
type EventBridge struct {
	Client    *scheduler.Client
	Group     string // of the schedules by the clock
	DataGroup string // of those for new data
	Now       func() time.Time
	// The rest is for Put alone.
	Function    string // ARN of the retrain function
	Role        string // ARN of the role that may call it
	DeadLetters string // ARN of the queue of calls that failed each time
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
		Description:        aws.String("Foretell: trains " + string(model) + " again, on new data: the pattern of what waits, itself turned off"),
		ScheduleExpression: aws.String(once(e.Now().Add(timing.Debounce))), State: types.ScheduleStateDisabled,
	}
	if err := e.putOrDelete(ctx, clock, c.At != ""); err != nil {
		return err
	}
	if err := e.putOrDelete(ctx, data, c.OnNewData); err != nil || c.OnNewData {
		return err
	}
	return e.delete(ctx, e.DataGroup, waitingName(model))
}

// waitingName is the schedule of a model that new data waits in. Of the 64 characters that a name may
// have the longest model's leaves one, and no model's name ends in this.
func waitingName(model registry.ModelName) string { return string(model) + "." }

// putOrDelete sees to it that a schedule is there, or is not.
func (e EventBridge) putOrDelete(ctx context.Context, in *scheduler.CreateScheduleInput, wanted bool) error {
	if !wanted {
		return e.delete(ctx, *in.GroupName, *in.Name)
	}
	_, err := e.Client.CreateSchedule(ctx, in)
	var exists *types.ConflictException
	if errors.As(err, &exists) {
		err = e.update(ctx, in)
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
	return errors.Join(e.delete(ctx, e.Group, string(model)), e.delete(ctx, e.DataGroup, string(model)), e.delete(ctx, e.DataGroup, waitingName(model)))
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
	pattern, err := e.get(ctx, string(model))
	if pattern == nil || err != nil {
		return false, err
	}
	for range 3 { // the other call has made or deleted it meanwhile
		var done bool
		if done, err = e.wait(ctx, model, pattern, change); done || err != nil {
			return done, err
		}
	}
	return false, fmt.Errorf("schedule %s is made and deleted by others all the time", waitingName(model))
}

// get is a schedule for new data; nil if there is none.
func (e EventBridge) get(ctx context.Context, name string) (*scheduler.GetScheduleOutput, error) {
	got, err := e.Client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &name, GroupName: &e.DataGroup})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", name, err)
	}
	return got, nil
}

// wait moves what waits, or puts another in place of what is over. Another call at the same time may
// be faster: then nothing is done.
func (e EventBridge) wait(ctx context.Context, model registry.ModelName, pattern *scheduler.GetScheduleOutput, change func(Waiting) Waiting) (done bool, err error) {
	name := waitingName(model)
	got, err := e.get(ctx, name)
	if err != nil {
		return false, err
	}
	var before Waiting
	if got != nil {
		if before, err = waiting(got); err != nil {
			return false, fmt.Errorf("schedule %s: %w", name, err)
		}
	}
	after := change(before)
	target := *pattern.Target
	target.Input = aws.String(inputOf(model, after.Since))
	in := &scheduler.CreateScheduleInput{
		Name: &name, GroupName: &e.DataGroup, Target: &target, FlexibleTimeWindow: windowOf(0),
		Description:        aws.String("Foretell: trains " + string(model) + " again, on new data that waits for more"),
		ScheduleExpression: aws.String(once(after.Due)), State: types.ScheduleStateEnabled, ActionAfterCompletion: types.ActionAfterCompletionNone,
	}
	if got != nil && after.Since.Equal(before.Since) {
		err := e.update(ctx, in)
		var missing *types.ResourceNotFoundException
		if errors.As(err, &missing) {
			return false, nil
		}
		if err != nil || e.Now().Before(before.Due) {
			return err == nil, err
		}
		// It took so long that what waited may have been over by then.
	}
	if got != nil {
		if err := e.delete(ctx, e.DataGroup, name); err != nil {
			return false, err
		}
	}
	_, err = e.Client.CreateSchedule(ctx, in)
	var exists *types.ConflictException
	if errors.As(err, &exists) {
		return false, nil
	}
	return err == nil, err
}

// update changes a schedule to what one that is made would be.
func (e EventBridge) update(ctx context.Context, in *scheduler.CreateScheduleInput) error {
	_, err := e.Client.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{
		Name: in.Name, GroupName: in.GroupName, Description: in.Description, Target: in.Target, FlexibleTimeWindow: in.FlexibleTimeWindow,
		ScheduleExpression: in.ScheduleExpression, ScheduleExpressionTimezone: in.ScheduleExpressionTimezone, State: in.State,
		ActionAfterCompletion: in.ActionAfterCompletion,
	})
	return err
}

// waiting reads what wait wrote.
func waiting(s *scheduler.GetScheduleOutput) (w Waiting, err error) {
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
