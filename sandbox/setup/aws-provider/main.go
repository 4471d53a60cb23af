// The aws provider of Pulumi for the types of this project's program: HashiCorp's Terraform provider behind Pulumi's
// bridge, as pulumi-aws is, which itself no module proxy serves. types.json says which Terraform type has which token,
// fields.go what pulumi-aws says of their fields beyond the bridge's own rules.
//
// Differs from pulumi-aws 7.48.0: the Terraform provider is 6.34.0, older than its own; default tags are merged by the
// Terraform provider, not in the inputs; no enums, no imports, and the bridge's words where credentials are wrong.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/hashicorp/terraform-provider-aws/xpprovider"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/x/muxer"
	"github.com/pulumi/pulumi-terraform-bridge/v3/unstable/metadata"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// version is @pulumi/aws's, set by the build.
var version string

//go:embed types.json
var typesFile []byte

func main() {
	ctx := context.Background()
	info, err := provider(ctx)
	if err != nil {
		log.Fatal(err)
	}
	pf.MainWithMuxer(ctx, "aws", *info, []byte(`{"name":"aws","version":"`+version+`"}`))
}

func provider(ctx context.Context) (*tfbridge.ProviderInfo, error) {
	// It logs each type that it registers.
	log.SetOutput(io.Discard)
	framework, sdk, err := xpprovider.GetProvider(ctx)
	log.SetOutput(os.Stderr)
	if err != nil {
		return nil, err
	}
	everything := func(string) bool { return true }
	shim := pf.MuxShimWithPF(ctx, sdkv2.NewProvider(sdk, sdkv2.WithPlanResourceChange(everything)), framework)
	info := &tfbridge.ProviderInfo{
		P: shim, Name: "aws", Version: version, ResourcePrefix: "aws", GitHubOrg: "hashicorp",
		MetadataInfo:                   tfbridge.NewProviderMetadata([]byte("{}")),
		EnableZeroDefaultSchemaVersion: true,
		EnableAccurateBridgePreview:    true,
		Resources:                      map[string]*tfbridge.ResourceInfo{},
		DataSources:                    map[string]*tfbridge.DataSourceInfo{},
	}
	var types struct{ Resources, Functions map[string]string }
	if err := json.Unmarshal(typesFile, &types); err != nil {
		return nil, err
	}
	for name, token := range types.Resources {
		info.Resources[name] = &tfbridge.ResourceInfo{Tok: tokens.Type(token), Fields: fieldsOf[name]}
		if _, regional := shim.ResourcesMap().Get(name).Schema().GetOk("region"); regional {
			info.Resources[name].PreCheckCallback = takeRegion
		}
	}
	for name, token := range types.Functions {
		info.DataSources[name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(token)}
	}
	return info, dispatch(info, shim)
}

// dispatch writes down which of its two providers serves which type; pulumi-aws does it when it generates its schema.
func dispatch(info *tfbridge.ProviderInfo, real shim.Provider) error {
	table, err := real.(interface {
		ResolveDispatch(*tfbridge.ProviderInfo) (muxer.DispatchTable, error)
	}).ResolveDispatch(info)
	if err != nil {
		return err
	}
	return metadata.Set(info.GetMetadata(), "mux", table)
}

// takeRegion puts the provider's region into a resource's inputs, as pulumi-aws does.
func takeRegion(_ context.Context, inputs, provider resource.PropertyMap) (resource.PropertyMap, error) {
	region, known := provider["region"]
	if own, given := inputs["region"]; !known || region.IsNull() || (given && !own.IsNull()) {
		return inputs, nil
	}
	inputs = inputs.Copy()
	inputs["region"] = region
	return inputs, nil
}
