{{- define "foretaste.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "foretaste.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "foretaste.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "foretaste.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "foretaste.claim" -}}
{{ .Values.persistence.existingClaim | default (include "foretaste.name" .) }}
{{- end }}

{{/* A mistake in the values is said here, before anything is made. */}}
{{- define "foretaste.check" -}}
{{- $several := or .Values.autoscaling.enabled (gt (int .Values.api.replicas) 1) -}}
{{- if and $several (not .Values.database.existingSecret) -}}
{{- fail "several replicas need PostgreSQL: name a secret in database.existingSecret" -}}
{{- end -}}
{{- if and $several (not .Values.persistence.existingClaim) (not (has "ReadWriteMany" .Values.persistence.accessModes)) -}}
{{- fail "several replicas need a volume that all nodes can write to: set persistence.accessModes to [ReadWriteMany], or name an existingClaim" -}}
{{- end -}}
{{- if and .Values.consumers (not .Values.database.existingSecret) (not .Values.persistence.existingClaim) (has "ReadWriteOncePod" .Values.persistence.accessModes) -}}
{{- fail "consumers write to the store as pods of their own: name a secret in database.existingSecret, or set persistence.accessModes to [ReadWriteOnce]" -}}
{{- end -}}
{{- range .Values.consumers -}}
{{- if not (and .name .sourceSecret) -}}
{{- fail "each of consumers needs a name and a sourceSecret, the secret with the address of its source" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.serviceMonitor.keySecret) -}}
{{- fail "serviceMonitor.keySecret names the secret with a key of the scope metrics; make one with 'foretaste keys create prometheus --scope metrics'" -}}
{{- end -}}
{{- end }}

{{/* The names that a request may name in Host; any other gets 421. */}}
{{- define "foretaste.hosts" -}}
{{- $name := include "foretaste.name" . -}}
{{- $inner := printf "%s.%s" $name .Release.Namespace -}}
{{- $hosts := list $name $inner (printf "%s.svc" $inner) (printf "%s.svc.cluster.local" $inner) -}}
{{- if .Values.ingress.enabled }}{{ $hosts = append $hosts .Values.ingress.host }}{{ end -}}
{{- concat $hosts .Values.hosts | toJson -}}
{{- end }}

{{- define "foretaste.container" -}}
image: {{ include "foretaste.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
env:
  - name: FORETASTE_WORKSPACE
    value: /data
  - name: FORETASTE_SERVE__HOSTS
    value: {{ include "foretaste.hosts" . | quote }}
  {{- with .Values.database.existingSecret }}
  - name: FORETASTE_BEHAVIOUR__DATABASE
    valueFrom:
      secretKeyRef:
        name: {{ . }}
        key: {{ $.Values.database.key }}
  {{- end }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: workspace
    mountPath: /data
  - name: settings
    mountPath: /data/foretaste.toml
    subPath: foretaste.toml
    readOnly: true
  - name: tmp
    mountPath: /tmp
{{- end }}

{{- define "foretaste.source" -}}
- name: FORETASTE_SOURCE
  valueFrom:
    secretKeyRef:
      name: {{ .sourceSecret }}
      key: {{ .sourceKey | default "source" }}
{{- end }}

{{- define "foretaste.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
volumes:
  - name: workspace
    persistentVolumeClaim:
      claimName: {{ include "foretaste.claim" . }}
  - name: settings
    configMap:
      name: {{ include "foretaste.name" . }}
  - name: tmp
    emptyDir:
      sizeLimit: {{ .Values.temporaryDirectorySize }}
{{- end }}

{{- define "foretaste.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
