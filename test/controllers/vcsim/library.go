package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"

	"github.com/vmware/govmomi/vapi/library"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/soap"
)

// stock makes the content library. Every image is one small disk: nothing ever boots from it.
func (i *inventory) stock(ctx context.Context, c *vim25.Client, user *url.Userinfo, images []string) error {
	session := rest.NewClient(c)
	if err := session.Login(ctx, user); err != nil {
		return err
	}
	m := library.NewManager(session)
	var err error
	i.Library, err = m.CreateLibrary(ctx, library.Library{
		Name: "kubernetes-releases", Type: "LOCAL", Storage: []library.StorageBacking{{DatastoreID: i.Datastore, Type: "DATASTORE"}},
	})
	if err != nil {
		return err
	}
	for _, image := range images {
		name, version, _ := strings.Cut(image, "=")
		if i.Items[name], err = addItem(ctx, m, i.Library, name, version); err != nil {
			return fmt.Errorf("image %s: %w", name, err)
		}
	}
	return nil
}

func addItem(ctx context.Context, m *library.Manager, lib, name, version string) (string, error) {
	item, err := m.CreateLibraryItem(ctx, library.Item{Name: name, Type: library.ItemTypeOVF, LibraryID: lib})
	if err != nil {
		return "", err
	}
	session, err := m.CreateLibraryItemUpdateSession(ctx, library.Session{LibraryItemID: item})
	if err != nil {
		return "", err
	}
	disk := vmdk()
	for file, content := range map[string][]byte{"image.ovf": fmt.Appendf(nil, ovf, len(disk), name, version), "disk.vmdk": disk} {
		if err := upload(ctx, m, session, file, content); err != nil {
			return "", err
		}
	}
	return item, m.CompleteLibraryItemUpdateSession(ctx, session)
}

func upload(ctx context.Context, m *library.Manager, session, name string, content []byte) error {
	file, err := m.AddLibraryItemFile(ctx, session, library.UpdateFile{Name: name, SourceType: "PUSH", Size: int64(len(content))})
	if err != nil {
		return err
	}
	to, err := url.Parse(file.UploadEndpoint.URI)
	if err != nil {
		return err
	}
	how := soap.DefaultUpload
	how.ContentLength = int64(len(content))
	return m.Upload(ctx, bytes.NewReader(content), to, &how)
}

// vmdk is the shortest stream-optimized disk that the simulator takes: a header and a descriptor (VMware's "Virtual Disk Format 5.0").
func vmdk() []byte {
	const sectors = 61440
	disk := make([]byte, 2048)
	copy(disk, "KDMV")
	binary.LittleEndian.PutUint32(disk[4:], 3)       // version
	binary.LittleEndian.PutUint32(disk[8:], 1<<16|3) // flags: compressed grains
	binary.LittleEndian.PutUint64(disk[12:], sectors)
	copy(disk[512:], fmt.Sprintf("# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"streamOptimized\"\n"+
		"RW %d SPARSE \"disk.vmdk\"\nddb.adapterType = \"lsilogic\"\n", sectors))
	return disk
}

// ovf describes a machine of one disk and one network card (DMTF DSP0243), whose disk has %[1]d bytes. %[2]s is its name, and %[3]s its version.
const ovf = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References><File ovf:href="disk.vmdk" ovf:id="file1" ovf:size="%[1]d"/></References>
  <DiskSection>
    <Info>Disks</Info>
    <Disk ovf:capacity="30" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk1" ovf:fileRef="file1"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection><Info>Networks</Info><Network ovf:name="nic0"><Description>nic0</Description></Network></NetworkSection>
  <VirtualSystem ovf:id="vm">
    <Info>A node of a cluster</Info>
    <Name>%[2]s</Name>
    <OperatingSystemSection ovf:id="94" ovf:version="22.04" vmw:osType="ubuntu64Guest"><Info>The guest operating system</Info></OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>vm</vssd:VirtualSystemIdentifier><vssd:VirtualSystemType>vmx-17</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits><rasd:ElementName>2 virtual CPUs</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>2048MB of memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>2048</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address><rasd:ElementName>SCSI controller 0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Hard disk 1</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>
        <rasd:Connection>nic0</rasd:Connection><rasd:ElementName>Network adapter 1</rasd:ElementName><rasd:InstanceID>5</rasd:InstanceID>
        <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType>
      </Item>
    </VirtualHardwareSection>
    <ProductSection>
      <Info>The product</Info>
      <Product>Ubuntu 22.04 Kubernetes</Product><Vendor>VMware, Inc.</Vendor><Version>%[3]s</Version><FullVersion>%[3]s</FullVersion>
    </ProductSection>
  </VirtualSystem>
</Envelope>
`
