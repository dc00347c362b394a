// Checks a history of calls on an element's API: is there an order, call by call within the time that each took, in
// which one disk or group after another behaves as its model says? Reads JSON lines, prints one JSON object.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"time"

	"github.com/anishathalye/porcupine"
)

const timeLimit = 15 * time.Second

// A call on one object, as its caller saw it.
type call struct {
	Object    string `json:"object"`
	Client    int    `json:"client"`
	Op        string `json:"op"`
	ID        string `json:"id"`
	SizeMib   int    `json:"sizeMib"`
	Initiator string `json:"initiator"`
	CallNs    int64  `json:"callNs"`
	// Left out: no answer came, so the call may take effect at any time, or never.
	ReturnNs *int64  `json:"returnNs"`
	Answer   *object `json:"answer"`
	// in_use or not_found.
	Error string `json:"error"`
}

// What a disk or group is. The zero value is one that does not exist.
type object struct {
	ID      string `json:"id"`
	SizeMib int    `json:"sizeMib"`
	Holder  string `json:"holder"`
}

// The id of an object whose maker never heard of it. Nobody can name it before a call that answered.
const unheard = "?"

func (o object) exists() bool { return o.ID != "" }

func (o object) is(id string) bool { return o.exists() && o.ID == id }

// heard is the same object with the id that an answer tells, if it can be the same.
func (o object) heard(id string) (object, bool) {
	if o.ID == unheard && id != "" {
		o.ID = id
	}
	return o, o.ID == id
}

// step says whether the call can have had this answer in this state, and what the state is then.
func step(state, input, _ any) (bool, any) {
	o, c := state.(object), input.(call)
	known := c.ReturnNs != nil
	switch c.Op {
	case "create":
		return create(o, c, known)
	case "read":
		if !known {
			return true, o
		}
		heard, same := o.heard(c.Answer.ID)
		return same && heard == *c.Answer, heard
	}
	if !o.is(c.ID) {
		// Deleting and revoking what is gone succeeds.
		gone := c.Error == "not_found" || (c.Error == "" && (c.Op == "delete" || c.Op == "revoke"))
		return !known || gone, o
	}
	next, possible := change(o, c)
	if !known {
		return true, next
	}
	if c.Error != "" {
		return c.Error == "in_use" && !possible, o
	}
	return possible && (c.Op != "grow" || c.Answer.SizeMib == next.SizeMib), next
}

func create(o object, c call, known bool) (bool, any) {
	if !o.exists() {
		o = object{ID: unheard, SizeMib: c.SizeMib}
	}
	if !known {
		return true, o
	}
	heard, same := o.heard(c.Answer.ID)
	return c.Error == "" && same && heard.SizeMib == c.Answer.SizeMib, heard
}

// change is what the call makes of the object that it names; false when it is refused as in use.
func change(o object, c call) (object, bool) {
	switch c.Op {
	case "delete":
		if o.Holder != "" {
			return o, false
		}
		return object{}, true
	case "grow":
		o.SizeMib = max(o.SizeMib, c.SizeMib)
	case "grant":
		if o.Holder != "" && o.Holder != c.Initiator {
			return o, false
		}
		o.Holder = c.Initiator
	case "revoke":
		o.Holder = ""
	}
	return o, true
}

var model = porcupine.Model{
	Init: func() any { return object{} },
	Step: step,
}

func main() {
	histories := map[string][]porcupine.Operation{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			panic(err)
		}
		end := int64(1<<63 - 1)
		if c.ReturnNs != nil {
			end = *c.ReturnNs
		}
		operation := porcupine.Operation{ClientId: c.Client, Input: c, Call: c.CallNs, Return: end}
		histories[c.Object] = append(histories[c.Object], operation)
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
	verdicts := map[porcupine.CheckResult][]string{porcupine.Ok: {}, porcupine.Illegal: {}, porcupine.Unknown: {}}
	for name, history := range histories {
		result := porcupine.CheckOperationsTimeout(model, history, timeLimit)
		verdicts[result] = append(verdicts[result], name)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"linearizable": len(verdicts[porcupine.Ok]),
		"illegal":      verdicts[porcupine.Illegal],
		"undecided":    verdicts[porcupine.Unknown],
	})
}
