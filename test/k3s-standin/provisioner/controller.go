package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	v1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/tools/reference"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

const (
	provisionerAnnotation   = "volume.beta.kubernetes.io/storage-provisioner"
	provisionerAnnotationGA = "volume.kubernetes.io/storage-provisioner"
	scheduledAnnotation     = "volume.kubernetes.io/selected-node"
	provisionedByAnnotation = "pv.kubernetes.io/provisioned-by"
	firstRetry, lastRetry   = 5 * time.Second, 1000 * time.Second
)

type controller struct {
	client   kubernetes.Interface
	o        *options
	settings *settings
	events   record.EventRecorder

	factory  informers.SharedInformerFactory
	podsOnly informers.SharedInformerFactory
	claims   corelisters.PersistentVolumeClaimLister
	volumes  corelisters.PersistentVolumeLister
	classes  storagelisters.StorageClassLister
	pods     corelisters.PodLister

	claimQueue, volumeQueue workqueue.RateLimitingInterface
	synced                  int32
}

func newController(client kubernetes.Interface, o *options, s *settings) *controller {
	factory := informers.NewSharedInformerFactory(client, 0)
	podsOnly := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(o.namespace))
	c := &controller{
		client: client, o: o, settings: s, factory: factory, podsOnly: podsOnly,
		claims:      factory.Core().V1().PersistentVolumeClaims().Lister(),
		volumes:     factory.Core().V1().PersistentVolumes().Lister(),
		classes:     factory.Storage().V1().StorageClasses().Lister(),
		pods:        podsOnly.Core().V1().Pods().Lister(),
		claimQueue:  newQueue("claims"),
		volumeQueue: newQueue("volumes"),
	}
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typedv1.EventSinkImpl{Interface: client.CoreV1().Events(v1.NamespaceAll)})
	c.events = broadcaster.NewRecorder(scheme.Scheme, v1.EventSource{Component: o.provisionerName + "_standin"})
	feed(factory.Core().V1().PersistentVolumeClaims().Informer(), c.claimQueue)
	feed(factory.Core().V1().PersistentVolumes().Informer(), c.volumeQueue)
	return c
}

func newQueue(name string) workqueue.RateLimitingInterface {
	return workqueue.NewNamedRateLimitingQueue(workqueue.NewItemExponentialFailureRateLimiter(firstRetry, lastRetry), name)
}

// feed puts the key of every object that is added or changed into queue.
func feed(informer cache.SharedIndexInformer, queue workqueue.RateLimitingInterface) {
	add := func(object interface{}) {
		if key, err := cache.MetaNamespaceKeyFunc(object); err == nil && queue.NumRequeues(key) == 0 {
			queue.Add(key)
		}
	}
	informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, object interface{}) { add(object) },
		DeleteFunc: func(object interface{}) {
			if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
				queue.Forget(key)
			}
		},
	})
}

func (c *controller) ready() bool { return atomic.LoadInt32(&c.synced) == 1 }

func (c *controller) run(stop <-chan struct{}) error {
	for _, factory := range []informers.SharedInformerFactory{c.factory, c.podsOnly} {
		factory.Start(stop)
		for kind, ok := range factory.WaitForCacheSync(stop) {
			if !ok {
				return fmt.Errorf("no copy of the cluster's %v", kind)
			}
		}
	}
	atomic.StoreInt32(&c.synced, 1)
	klog.Infof("Provisioner %s started", c.o.provisionerName)
	for i := 0; i < c.o.workers; i++ {
		go work(c.claimQueue, c.o.provisionRetries, c.syncClaim)
		go work(c.volumeQueue, c.o.deleteRetries, c.syncVolume)
	}
	<-stop
	c.claimQueue.ShutDown()
	c.volumeQueue.ShutDown()
	return nil
}

// work handles one key after the other; a failed one comes back later, at most `retries` times (0: for ever).
func work(queue workqueue.RateLimitingInterface, retries int, sync func(key string) error) {
	for {
		key, shutdown := queue.Get()
		if shutdown {
			return
		}
		err := sync(key.(string))
		switch {
		case err == nil:
			queue.Forget(key)
		case retries > 0 && queue.NumRequeues(key) >= retries:
			klog.Errorf("%v: giving up: %v", key, err)
			queue.Forget(key)
		default:
			klog.Errorf("%v: %v", key, err)
			queue.AddRateLimited(key)
		}
		queue.Done(key)
	}
}

func (c *controller) syncClaim(key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil
	}
	claim, err := c.claims.PersistentVolumeClaims(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || !c.isOurs(claim) {
		return err
	}
	class, err := c.classes.Get(classOf(claim))
	if err != nil {
		return err
	}
	node, wait, err := c.nodeFor(claim, class)
	if err != nil || wait {
		return err
	}
	return c.provisionClaim(claim, class, node)
}

// isOurs: the claim is unbound and the controller manager has assigned it to this provisioner.
func (c *controller) isOurs(claim *v1.PersistentVolumeClaim) bool {
	assigned, found := claim.Annotations[provisionerAnnotationGA]
	if !found {
		assigned = claim.Annotations[provisionerAnnotation]
	}
	return claim.Spec.VolumeName == "" && claim.DeletionTimestamp == nil && assigned == c.o.provisionerName && classOf(claim) != ""
}

func classOf(claim *v1.PersistentVolumeClaim) string {
	if name, found := claim.Annotations[v1.BetaStorageClassAnnotation]; found {
		return name
	}
	if claim.Spec.StorageClassName != nil {
		return *claim.Spec.StorageClassName
	}
	return ""
}

// nodeFor is the node that the scheduler chose; wait is true while it has not chosen one yet.
func (c *controller) nodeFor(claim *v1.PersistentVolumeClaim, class *storagev1.StorageClass) (node *v1.Node, wait bool, err error) {
	name := claim.Annotations[scheduledAnnotation]
	if name == "" {
		return nil, class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer, nil
	}
	node, err = c.client.CoreV1().Nodes().Get(context.TODO(), name, metav1.GetOptions{})
	if err != nil {
		return nil, false, fmt.Errorf("failed to get target node: %v", err)
	}
	return node, false, nil
}

func (c *controller) provisionClaim(claim *v1.PersistentVolumeClaim, class *storagev1.StorageClass, node *v1.Node) error {
	if _, err := c.volumes.Get("pvc-" + string(claim.UID)); err == nil {
		return nil
	}
	c.events.Eventf(claim, v1.EventTypeNormal, "Provisioning", "External provisioner is provisioning volume for claim %q", claim.Namespace+"/"+claim.Name)
	pv, err := c.provision(claim, class, node)
	if err != nil {
		err = fmt.Errorf("failed to provision volume with StorageClass %q: %v", class.Name, err)
		c.events.Event(claim, v1.EventTypeWarning, "ProvisioningFailed", err.Error())
		return err
	}
	pv.Annotations[provisionedByAnnotation] = c.o.provisionerName
	pv.Spec.StorageClassName = class.Name
	if pv.Spec.ClaimRef, err = reference.GetReference(scheme.Scheme, claim); err != nil {
		return err
	}
	if _, err = c.client.CoreV1().PersistentVolumes().Create(context.TODO(), pv, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		err = fmt.Errorf("failed to save persistentvolume %q: %v", pv.Name, err)
		c.events.Event(claim, v1.EventTypeWarning, "ProvisioningFailed", err.Error())
		return err
	}
	c.events.Eventf(claim, v1.EventTypeNormal, "ProvisioningSucceeded", "Successfully provisioned volume %v", pv.Name)
	return nil
}

func (c *controller) syncVolume(name string) error {
	pv, err := c.volumes.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || !c.shouldDelete(pv) {
		return err
	}
	if err := c.remove(pv); err != nil {
		c.events.Event(pv, v1.EventTypeWarning, "VolumeFailedDelete", err.Error())
		return err
	}
	err = c.client.CoreV1().PersistentVolumes().Delete(context.TODO(), name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func (c *controller) shouldDelete(pv *v1.PersistentVolume) bool {
	return pv.Status.Phase == v1.VolumeReleased && pv.DeletionTimestamp == nil &&
		pv.Spec.PersistentVolumeReclaimPolicy == v1.PersistentVolumeReclaimDelete && pv.Annotations[provisionedByAnnotation] == c.o.provisionerName
}
