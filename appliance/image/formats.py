"""The same disk for different hypervisors."""

from __future__ import annotations

import hashlib
import re
import tarfile
from pathlib import Path
from xml.sax.saxutils import escape

from appliance.image.workshop import Workshop

CONTENT_ID = b"CID=40040040"
OVF = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References><File ovf:id="disk" ovf:href="{disk}" ovf:size="{size}"/></References>
  <DiskSection><Info>The disk</Info>
    <Disk ovf:diskId="box400" ovf:fileRef="disk" ovf:capacity="{capacity}"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection><Info>The network of callers and people</Info><Network ovf:name="bridged"/></NetworkSection>
  <VirtualSystem ovf:id="box400"><Info>box400 {version}</Info><Name>box400</Name>
    <OperatingSystemSection ovf:id="96"><Info>Debian, 64 bit</Info></OperatingSystemSection>
    <VirtualHardwareSection><Info>2 processors, 2 GB, one disk, one network card</Info>
      <System><vssd:ElementName>box400</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>
{items}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"""
ITEMS: tuple[dict[str, object], ...] = (
    {"ElementName": "2 processors", "InstanceID": 1, "ResourceType": 3, "VirtualQuantity": 2},
    {"AllocationUnits": "byte * 2^20", "ElementName": "2048 MB", "InstanceID": 2, "ResourceType": 4,
     "VirtualQuantity": 2048},
    {"Address": 0, "ElementName": "SATA", "InstanceID": 3, "ResourceSubType": "AHCI", "ResourceType": 20},
    {"AddressOnParent": 0, "ElementName": "disk", "HostResource": "ovf:/disk/box400", "InstanceID": 4,
     "Parent": 3, "ResourceType": 17},
    {"AddressOnParent": 1, "AutomaticAllocation": "true", "Connection": "bridged", "ElementName": "network",
     "InstanceID": 5, "ResourceSubType": "E1000", "ResourceType": 10},
)  # fmt: skip
"""Elements of each item in the order of the alphabet, as the schema wants them."""


def descriptor(disk: str, size: int, capacity: int, version: str) -> str:
    """Return the description of the machine; ``size`` of the disk's file and ``capacity`` in bytes."""
    items = "".join(
        "      <Item>"
        + "".join(f"<rasd:{name}>{value}</rasd:{name}>" for name, value in item.items())
        + "</Item>\n"
        for item in ITEMS
    ).rstrip("\n")
    return OVF.format(disk=disk, size=size, capacity=capacity, version=escape(version), items=items)


def qcow2(shop: Workshop, raw: Path, to: Path) -> None:
    """Convert for KVM and QEMU, compressed."""
    shop.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", "-o", "compression_type=zstd", raw, to)


def ova(shop: Workshop, raw: Path, version: str, epoch: int, to: Path) -> None:
    """Convert for VMware and VirtualBox: one archive of description, sums and disk; the same each time."""
    vmdk = to.with_name("box400-disk1.vmdk")
    shop.run("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, vmdk)
    content = vmdk.read_bytes()
    head = re.sub(rb"CID=[0-9a-f]{8}", CONTENT_ID, content[:2048], count=1)
    vmdk.write_bytes(head + content[2048:])
    description = descriptor(vmdk.name, vmdk.stat().st_size, raw.stat().st_size, version)
    ovf = to.with_name("box400.ovf")
    ovf.write_text(description)
    sums = "".join(
        f"SHA256({file.name})= {hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in (ovf, vmdk)
    )
    manifest = to.with_name("box400.mf")
    manifest.write_text(sums)

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime, member.mode = epoch, 0o644
        return member

    with tarfile.open(to, "w", format=tarfile.USTAR_FORMAT) as archive:
        for file in (ovf, manifest, vmdk):
            archive.add(file, arcname=file.name, filter=plain)
            file.unlink()
