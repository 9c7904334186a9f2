package tokens

import "context"

// vcentersDir has a Site for each vCenter that Supervisors were looked for in. They stand apart, since no session begins with one.
const vcentersDir = "vcenters"

// VCenter is Site for a vCenter: how it is verified.
func (s *Store) VCenter(server string) (site Site, found bool, err error) {
	return s.siteIn(s.sitePath(vcentersDir, server), server)
}

// VCenters is SiteServers for vCenters.
func (s *Store) VCenters() []string { return s.serversIn(vcentersDir) }

// UpdateVCenter is UpdateSite for a vCenter.
func (s *Store) UpdateVCenter(ctx context.Context, server string, change func(*Site)) (Site, error) {
	return s.updateSite(ctx, s.sitePath(vcentersDir, server), Site{Server: server}, change)
}

// ForgetVCenter is ForgetSite for a vCenter.
func (s *Store) ForgetVCenter(ctx context.Context, server string) (found bool, err error) {
	return s.forget(ctx, server, s.sitePath(vcentersDir, server))
}
