// Prints the descriptor of the released CSI Go module as JSON, custom options by their names.
package main

import (
	"os"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protodesc"
)

func main() {
	descriptor := protodesc.ToFileDescriptorProto(csi.File_csi_proto)
	text, err := protojson.Marshal(descriptor)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(text)
}
